using System.Diagnostics;
using System.Globalization;
using Drover.Bench.Peers;
using Drover.Bench.Store;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Postgres;
using Drover.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Drover.Bench.Postgres;

/// <summary>Measures the PostgreSQL store on a server with its usual settings.</summary>
internal static class PostgresBench
{
    public const string Usage = """
        postgres life  [seconds] [nodes]        whole life, 50 callers one at a time, on PostgreSQL
        postgres bulk  [seconds] [nodes]        whole life, enqueued 500 at a time
        postgres drain [seconds] [ahead]        works off a full queue with one worker of 50 slots that leases so many jobs ahead
        postgres nodes [seconds]                both with 1, 2 and 4 nodes
        postgres held  [seconds]                both while another session holds a transaction open all the time
        postgres scale [seconds]                both with 1 M finished jobs
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        double seconds = args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 5;
        int nodes = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 1;
        if (args is not ["life" or "bulk" or "drain" or "nodes" or "held" or "scale", ..])
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        await using var server = await BenchPostgres.StartAsync();
        switch (args[0])
        {
            case "nodes":
                foreach (int count in (int[])[1, 2, 4])
                    await OnAsync(server, count, async stores => await BothAsync(server, stores, seconds));
                break;
            case "drain":
                await OnAsync(server, 1, async stores => await DrainAsync(server, stores[0], seconds, args.Length > 2 ? nodes : 0));
                break;
            case "held":
                await OnAsync(server, 1, stores => HeldAsync(server, stores, seconds));
                break;
            case "scale":
                await OnAsync(server, 1, stores => ScaleAsync(server, stores, seconds));
                break;
            default:
                await OnAsync(server, nodes, async stores =>
                {
                    for (int n = 0; n < 3; n++)
                        await LifeAsync(server, stores, args[0] == "bulk", seconds);
                });
                break;
        }

        return 0;
    }

    private static async Task OnAsync(BenchPostgres server, int nodes, Func<IReadOnlyList<IJobStore>, Task> run)
    {
        var databases = new List<PostgresDatabase>();
        string schema = $"bench_{nodes}";
        for (int n = 0; n < nodes; n++)
            databases.Add(await PostgresDatabase.OpenAsync(new() { Url = server.Url, Schema = schema }, TimeProvider.System, NullLoggerFactory.Instance));
        Console.WriteLine($"{nodes} node{(nodes == 1 ? "" : "s")}:");
        await run([.. databases.Select(d => d.Jobs)]);
        foreach (var database in databases)
            await database.DisposeAsync();
        await RunSqlAsync(server, $"DROP SCHEMA {schema} CASCADE");
    }

    private static async Task LifeAsync(BenchPostgres server, IReadOnlyList<IJobStore> stores, bool bulk, double seconds)
    {
        double before = server.CpuSeconds();
        double rate = bulk ? await Life.RunAsync(stores, callers: 4, batch: 500, seconds) : await Life.RunAsync(stores, callers: 50, batch: 1, seconds);
        Console.WriteLine($"  the server took {(server.CpuSeconds() - before) / (rate * seconds) * 1e6:N1} us of CPU each");
    }

    private static async Task DrainAsync(BenchPostgres server, IJobStore store, double seconds, int ahead)
    {
        await using var broker = new Broker(store, null, new(), TimeProvider.System, NullLoggerFactory.Instance);
        await broker.StartAsync();
        for (int n = 0; n < 4; n++)
        {
            double jobs = 0;
            var clock = Stopwatch.StartNew();
            while (clock.Elapsed.TotalSeconds < seconds / 2)
                jobs += await Rows.EnqueueBulkAsync(broker);
            double theirs = server.CpuSeconds(), ours = Environment.CpuUsage.TotalTime.TotalSeconds;
            double rate = await Rows.EmptyAsync([broker], ahead);
            Console.WriteLine($"  {rate,9:N0}/s; {(server.CpuSeconds() - theirs) / jobs * 1e6:N1} us of CPU of the server each, {(Environment.CpuUsage.TotalTime.TotalSeconds - ours) / jobs * 1e6:N1} of the worker's process");
        }
    }

    private static async Task BothAsync(BenchPostgres server, IReadOnlyList<IJobStore> stores, double seconds)
    {
        await LifeAsync(server, stores, bulk: false, seconds);
        await LifeAsync(server, stores, bulk: false, seconds);
        await LifeAsync(server, stores, bulk: true, seconds);
        await LifeAsync(server, stores, bulk: true, seconds);
    }

    private static async Task HeldAsync(BenchPostgres server, IReadOnlyList<IJobStore> stores, double seconds)
    {
        await BothAsync(server, stores, seconds);
        await using var other = await server.ConnectAsync();
        await using var transaction = await other.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var old = new NpgsqlCommand("SELECT pg_current_xact_id()", other, transaction))
            await old.ExecuteScalarAsync();
        Console.WriteLine("Another session holds a transaction open from here on:");
        for (int n = 0; n < 4; n++)
            await BothAsync(server, stores, seconds);
    }

    private static async Task ScaleAsync(BenchPostgres server, IReadOnlyList<IJobStore> stores, double seconds)
    {
        await BothAsync(server, stores, seconds);
        var specs = Enumerable.Range(0, 5000).Select(Life.Spec).ToArray();
        for (int n = 0; n < 1_000_000; n += specs.Length)
        {
            await stores[0].EnqueueAsync(new(specs));
            var leases = await stores[0].LeaseAsync(Life.Request with { Max = specs.Length });
            await stores[0].FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, new() { Kind = OutcomeKind.Completed }))]);
        }

        Console.WriteLine("With 1 M finished jobs more:");
        await BothAsync(server, stores, seconds);
        long began = TimeProvider.System.GetTimestamp();
        await stores[0].CountAsync(JobFilter.All);
        Console.WriteLine($"Counted in {TimeProvider.System.GetElapsedTime(began).TotalMilliseconds:N0} ms");
        began = TimeProvider.System.GetTimestamp();
        await stores[0].ListAsync(new(JobFilter.All));
        Console.WriteLine($"Listed 50 in {TimeProvider.System.GetElapsedTime(began).TotalMilliseconds:N0} ms");
    }

    private static async Task RunSqlAsync(BenchPostgres server, string sql)
    {
        await using var connection = await server.ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

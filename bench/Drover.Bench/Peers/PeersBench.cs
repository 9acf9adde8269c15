using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Drover.Bench.NetQueue;
using Drover.Bench.Postgres;
using Drover.Brokers;
using Drover.Postgres;
using Drover.Redis;
using Drover.Sqlite;
using Drover.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Bench.Peers;

/// <summary>Drover's part of <c>bench/peers</c>; the last line is JSON.</summary>
internal static class PeersBench
{
    public const string Usage = """
        rows netqueue full|normal [queued]      the rows of bench/peers over TCP, and memory with so many queued jobs
        rows sqlite|postgres|redis|redis-always [nodes] [seconds] [ahead]
                                                the same rows on a store, each node with a broker and a worker, all in this process; workers lease so many jobs ahead
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        int first = args.Length > 1 && int.TryParse(args[1], out int number) ? number : 1;
        double seconds = args.Length > 2 && double.TryParse(args[2], CultureInfo.InvariantCulture, out double given) ? given : 4;
        int ahead = args.Length > 3 && int.TryParse(args[3], out int more) ? more : 0;
        Rows rows;
        switch (args)
        {
            case ["netqueue", .. var rest]:
                rows = await NetQueueAsync(rest.Contains("normal") ? Sqlite.Durability.Normal : Sqlite.Durability.Full, rest.Length > 1 ? int.Parse(rest[1], CultureInfo.InvariantCulture) : 1_000_000);
                break;
            case ["sqlite", ..]:
                rows = await SqliteAsync(seconds, ahead);
                break;
            case ["postgres", ..]:
                rows = await PostgresAsync(first, seconds, ahead);
                break;
            case ["redis" or "redis-always", ..]:
                rows = await RedisAsync(args[0] == "redis-always" ? "always" : "everysec", first, seconds, ahead);
                break;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }

        Console.WriteLine(JsonSerializer.Serialize(rows, RowsJson.Default.Rows));
        return 0;
    }

    private static async Task<Rows> NetQueueAsync(Sqlite.Durability durability, int queued)
    {
        var (memoryEmpty, bytesQueued) = await MemoryAsync(durability, queued);
        using var server = ServerProcess.Start(durability);
        var clients = Enumerable.Range(0, Rows.Callers).Select(_ => NetQueueBench.Client(server.Port)).ToArray();
        var rows = await Rows.MeasureAsync(n => clients[n], [clients[0]], 4);
        foreach (var client in clients)
            await client.DisposeAsync();
        return rows with { MemoryEmpty = memoryEmpty, BytesQueued = bytesQueued };
    }

    private static async Task<(long Empty, double PerJob)> MemoryAsync(Sqlite.Durability durability, int queued)
    {
        using var server = ServerProcess.Start(durability);
        await using var client = NetQueueBench.Client(server.Port);
        await Rows.EnqueueAsync(client);
        await Rows.EmptyAsync([client]);
        long empty = server.ResidentBytes;
        for (int left = queued; left > 0;)
            left -= await Rows.EnqueueBulkAsync(client);
        return (empty, (server.ResidentBytes - empty) / (double)Math.Max(1, queued));
    }

    private static async Task<Rows> SqliteAsync(double seconds, int ahead)
    {
        string folder = Directory.CreateTempSubdirectory("drover-bench-").FullName;
        await using var database = await SqliteDatabase.OpenAsync(new() { Directory = folder }, TimeProvider.System, NullLoggerFactory.Instance);
        var rows = await OnAsync([database.Jobs], seconds, null, ahead);
        await database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        return rows;
    }

    private static async Task<Rows> PostgresAsync(int nodes, double seconds, int ahead)
    {
        await using var server = await BenchPostgres.StartAsync();
        var databases = new List<PostgresDatabase>();
        for (int n = 0; n < nodes; n++)
            databases.Add(await PostgresDatabase.OpenAsync(new() { Url = server.Url }, TimeProvider.System, NullLoggerFactory.Instance));
        var rows = await OnAsync([.. databases.Select(d => d.Jobs)], seconds, server.CpuSeconds, ahead);
        foreach (var database in databases)
            await database.DisposeAsync();
        return rows;
    }

    private static async Task<Rows> RedisAsync(string appendfsync, int nodes, double seconds, int ahead)
    {
        await using var server = await BenchRedis.StartAsync(appendfsync);
        var databases = new List<RedisDatabase>();
        for (int n = 0; n < nodes; n++)
            databases.Add(await RedisDatabase.OpenAsync(new() { ConnectionString = server.Url }, TimeProvider.System, NullLoggerFactory.Instance));
        var rows = await OnAsync([.. databases.Select(d => d.Jobs)], seconds, server.CpuSeconds, ahead);
        foreach (var database in databases)
            await database.DisposeAsync();
        return rows;
    }

    private static async Task<Rows> OnAsync(IReadOnlyList<IJobStore> stores, double seconds, Func<double>? serverCpu, int ahead)
    {
        var brokers = stores.Select(store => new Broker(store, null, new(), TimeProvider.System, NullLoggerFactory.Instance)).ToArray();
        foreach (var broker in brokers)
            await broker.StartAsync();
        var rows = await Rows.MeasureAsync(n => brokers[n % brokers.Length], brokers, seconds, serverCpu, ahead);
        foreach (var broker in brokers)
            await broker.DisposeAsync();
        return rows;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Rows))]
internal sealed partial class RowsJson : JsonSerializerContext;

using System.Diagnostics;
using System.Globalization;
using Drover.Bench.Peers;
using Drover.Bench.Postgres;
using Drover.Postgres;
using Drover.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Drover.Bench.Hangfire;

/// <summary>Drover as a library beside Hangfire, each in this process, on the same servers.</summary>
internal static class HangfireBench
{
    public const string Usage = """
        hangfire [seconds]                      Drover as a library beside Hangfire: in memory, SQLite, PostgreSQL, Redis
        """;

    private const int Callers = 50;
    private const int MostAhead = 4000;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);
    private static readonly string Payload = new('x', 200);

    public static async Task<int> RunAsync(string[] args)
    {
        double seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 5;
        Console.WriteLine("| | enqueue, 50 callers | enqueue and process at once | bytes allocated a job | idle latency p50 / p99 | idle transactions a second |\n|---|---|---|---|---|---|");
        await RowAsync("Hangfire, in memory", HangfireJobs.InMemory(), seconds);
        string folder = Directory.CreateTempSubdirectory("drover-bench-").FullName;
        await RowAsync("Drover, SQLite, `full`", new DroverJobs(drover => drover.UseSqlite(folder)), seconds);
        Directory.Delete(folder, recursive: true);
        await using (var server = await BenchPostgres.StartAsync())
        {
            var uri = new Uri(server.Url);
            string connection = string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={uri.Port};Username=drover;Database=postgres;Maximum Pool Size=60");
            await RowAsync("Hangfire, PostgreSQL", HangfireJobs.Postgres(connection), seconds, server);
        }

        await using (var server = await BenchPostgres.StartAsync())
        {
            var database = await PostgresDatabase.OpenAsync(new() { Url = server.Url }, TimeProvider.System, NullLoggerFactory.Instance);
            await RowAsync("Drover, PostgreSQL", new DroverJobs(drover => drover.UseStore(database.Jobs), database.DisposeAsync), seconds, server);
        }

        await using (var server = await BenchRedis.StartAsync("everysec"))
            await RowAsync("Hangfire, Redis everysec", HangfireJobs.Redis(server.Url["redis://".Length..] + ",syncTimeout=60000"), seconds);
        await using (var server = await BenchRedis.StartAsync("everysec"))
        {
            var database = await RedisDatabase.OpenAsync(new() { ConnectionString = server.Url }, TimeProvider.System, NullLoggerFactory.Instance);
            await RowAsync("Drover, Redis everysec", new DroverJobs(drover => drover.UseStore(database.Jobs), database.DisposeAsync), seconds);
        }

        return 0;
    }

    private static async Task RowAsync(string name, IBackgroundJobs jobs, double seconds, BenchPostgres? postgres = null)
    {
        await using (jobs)
        {
            await jobs.StartAsync();
            // Warm: code is compiled, tables are there.
            await BothAsync(jobs, 2);
            double enqueue = await EnqueueAsync(jobs, seconds);
            long allocated = GC.GetTotalAllocatedBytes(), before = Counted.Done;
            double both = await BothAsync(jobs, seconds);
            long bytes = (GC.GetTotalAllocatedBytes() - allocated) / Math.Max(1, Counted.Done - before);
            var (p50, p99) = await LatencyAsync(jobs);
            string idle = postgres is null ? "" : (await IdleAsync(postgres)).ToString("N1", CultureInfo.InvariantCulture);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {enqueue:N0}/s | {both:N0}/s | {bytes:N0} | {p50:N2} / {p99:N2} ms | {idle} |"));
        }
    }

    /// <summary>The rate at which jobs are accepted while workers are at it; all of them have run when it ends.</summary>
    private static async Task<double> EnqueueAsync(IBackgroundJobs jobs, double seconds)
    {
        long sent = 0, before = Counted.Done;
        double took = await CallAsync(seconds, async () =>
        {
            await jobs.EnqueueAsync(Payload);
            Interlocked.Increment(ref sent);
        });
        await AllAsync(before + sent);
        return sent / took;
    }

    /// <summary>The rate at which jobs are enqueued and run, the callers never far ahead.</summary>
    private static async Task<double> BothAsync(IBackgroundJobs jobs, double seconds)
    {
        long sent = 0, before = Counted.Done;
        double took = await CallAsync(seconds, async () =>
        {
            while (Volatile.Read(ref sent) - (Counted.Done - before) > MostAhead)
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            Interlocked.Increment(ref sent);
            await jobs.EnqueueAsync(Payload);
        });
        double rate = (Counted.Done - before) / took;
        await AllAsync(before + sent);
        return rate;
    }

    /// <summary>Callers on threads of their own, since one of the two blocks them.</summary>
    private static async Task<double> CallAsync(double seconds, Func<ValueTask> call)
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Factory.StartNew(() =>
        {
            while (clock.Elapsed.TotalSeconds < seconds)
                call().AsTask().GetAwaiter().GetResult();
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return clock.Elapsed.TotalSeconds;
    }

    private static async Task AllAsync(long count)
    {
        while (Counted.Done < count)
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
    }

    private static async Task<(double P50, double P99)> LatencyAsync(IBackgroundJobs jobs)
    {
        var waits = new List<double>();
        for (int n = 0; n < 200; n++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            var next = Counted.Next();
            long began = Stopwatch.GetTimestamp();
            await jobs.EnqueueAsync(Payload);
            waits.Add(Stopwatch.GetElapsedTime(began, await next).TotalMilliseconds);
        }

        waits.Sort();
        return (waits[100], waits[198]);
    }

    /// <summary>Transactions a second that the server carries out while there is nothing to do.</summary>
    private static async Task<double> IdleAsync(BenchPostgres server)
    {
        // What the load left to clean up is cleaned first.
        await Task.Delay(TimeSpan.FromSeconds(15), TimeProvider.System);
        long before = await TransactionsAsync(server);
        await Task.Delay(Idle, TimeProvider.System);
        return (await TransactionsAsync(server) - before) / Idle.TotalSeconds;
    }

    private static async Task<long> TransactionsAsync(BenchPostgres server)
    {
        await using var connection = await server.ConnectAsync();
        await using var ask = new NpgsqlCommand("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'postgres'", connection);
        return (long)(await ask.ExecuteScalarAsync())!;
    }
}

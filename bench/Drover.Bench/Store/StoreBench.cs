using Drover.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Bench.Store;

/// <summary>Measures the embedded store by itself, without broker and server.</summary>
internal static class StoreBench
{
    public const string Usage = """
        store life     [seconds] [full|normal]  whole life, 50 callers one at a time
        store inflight [seconds] [full|normal]  whole life, 1,000 callers one at a time
        store bulk     [seconds] [full|normal]  whole life, enqueued 500 at a time
        store scale    [seconds]                the same with 1 M finished and 1 M queued jobs; memory; restart
        store reopen   <directory>              opening a store that is there; memory
        store list     [jobs]                   lists, filters, search and counts at 1 M jobs
        store fill     <directory> [jobs]       a data folder with so many finished jobs (1,000,000)
        store output   [seconds] [full|normal]  output, 64 KiB blocks and short lines
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["reopen", var there])
        {
            await Scale.ReopenAsync(there);
            return 0;
        }

        if (args is ["fill", var folder, .. var jobs])
        {
            await Fill.RunAsync(folder, jobs is [var number] ? int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) : 1_000_000);
            return 0;
        }

        double seconds = args.Length > 1 ? double.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 3;
        var durability = args is [_, _, "normal", ..] ? Durability.Normal : Durability.Full;
        string directory = Directory.CreateTempSubdirectory("drover-bench-").FullName;
        try
        {
            switch (args.FirstOrDefault())
            {
                case "life": await Repeat(directory, durability, (db, _) => Life.RunAsync(db.Jobs, callers: 50, batch: 1, seconds)); break;
                case "inflight": await Repeat(directory, durability, (db, _) => Life.RunAsync(db.Jobs, callers: 1000, batch: 1, seconds)); break;
                case "bulk": await Repeat(directory, durability, (db, _) => Life.RunAsync(db.Jobs, callers: 4, batch: 500, seconds)); break;
                case "scale": await Scale.RunAsync(directory, seconds); break;
                case "list": await Lists.RunAsync(directory, args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 1_000_000); break;
                case "output": await Repeat(directory, durability, (db, run) => Outputs.RunAsync(db.Jobs, run < 2 ? 64 * 1024 : 100, seconds)); break;
                default: Console.Error.WriteLine(Usage); return 2;
            }

            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    public static ValueTask<SqliteDatabase> OpenAsync(string directory, Durability durability) =>
        SqliteDatabase.OpenAsync(new() { Directory = directory, Durability = durability }, TimeProvider.System, NullLoggerFactory.Instance);

    /// <summary>Several short runs, each on a new store: others may be using the machine, so the best one counts.</summary>
    private static async Task Repeat(string directory, Durability durability, Func<SqliteDatabase, int, Task> run)
    {
        for (int n = 0; n < 4; n++)
        {
            await using var database = await OpenAsync(Path.Combine(directory, $"run-{n}"), durability);
            await run(database, n);
        }
    }
}

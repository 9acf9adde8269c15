using System.Globalization;
using Drover.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Bench.Engine;

/// <summary>Measures store, broker and worker together in one process, with no-op tasks.</summary>
internal static class EngineBench
{
    public const string Usage = """
        engine life     [seconds] [full|normal] [slots]  whole life, 50 callers one at a time
        engine inflight [seconds] [full|normal] [slots]  whole life, 1,000 callers one at a time
        engine bulk     [seconds] [full|normal] [slots]  whole life, enqueued 500 at a time
        engine latency  [samples] [full|normal]          submit to handler start and to completed, idle
        engine output   [megabytes]                      one job that prints as fast as it can
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        var durability = args is [_, _, "normal", ..] ? Durability.Normal : Durability.Full;
        int slots = args is [_, _, _, var given] ? int.Parse(given, CultureInfo.InvariantCulture) : 64;
        double amount = args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 3;
        string directory = Directory.CreateTempSubdirectory("drover-bench-").FullName;
        try
        {
            switch (args.FirstOrDefault())
            {
                case "life": await RepeatAsync(engine => Life.RunAsync(engine, callers: 50, batch: 1, amount)); break;
                case "inflight": await RepeatAsync(engine => Life.RunAsync(engine, callers: 1000, batch: 1, amount)); break;
                case "bulk": await RepeatAsync(engine => Life.RunAsync(engine, callers: 4, batch: 500, amount)); break;
                case "latency": await RepeatAsync(engine => Latency.RunAsync(engine, args.Length > 1 ? (int)amount : 500)); break;
                case "output": await RepeatAsync(engine => Flood.RunAsync(engine, args.Length > 1 ? (int)amount : 1024)); break;
                default: Console.Error.WriteLine(Usage); return 2;
            }

            return 0;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        // Several short runs, each on a new store: others may be using the machine, so the best one counts.
        async Task RepeatAsync(Func<TestEngine, Task> run)
        {
            for (int n = 0; n < 4; n++)
            {
                var options = new SqliteOptions { Directory = Path.Combine(directory, $"run-{n}"), Durability = durability };
                await using var database = await SqliteDatabase.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance);
                await using var engine = await TestEngine.StartAsync(database.Jobs, slots);
                await run(engine);
            }
        }
    }
}

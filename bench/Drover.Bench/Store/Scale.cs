using System.Diagnostics;
using Drover.Sqlite;

namespace Drover.Bench.Store;

/// <summary>Whether the store holds its pace and its memory with a million finished and a million queued jobs.</summary>
internal static class Scale
{
    public static async Task RunAsync(string directory, double seconds)
    {
        var database = await StoreBench.OpenAsync(directory, Durability.Full);
        Console.WriteLine("Empty:");
        await RatesAsync(database, seconds);
        await FillAsync(database, finished: 1_000_000, queued: 1_000_000);
        Memory("1 M finished, 1 M queued, after filling");
        Console.WriteLine("1 M finished, 1 M queued:");
        await RatesAsync(database, seconds);
        Memory("after the runs");
        await database.DisposeAsync();

        // In a process of its own, as after a restart: this one's heap has grown with the filling.
        using var reopened = Process.Start(Environment.ProcessPath!, ["store", "reopen", directory]);
        await reopened.WaitForExitAsync();
    }

    /// <summary>How long a store that is there takes to open, and how much memory it takes then.</summary>
    public static async Task ReopenAsync(string directory)
    {
        var clock = Stopwatch.StartNew();
        await using var database = await StoreBench.OpenAsync(directory, Durability.Full);
        Console.WriteLine($"Opened again in {clock.ElapsedMilliseconds} ms");
        clock.Restart();
        await database.Jobs.CountAsync(Drover.Jobs.JobFilter.All);
        Console.WriteLine($"History loaded {clock.ElapsedMilliseconds} ms later");
        Memory("opened again");
    }

    private static async Task RatesAsync(SqliteDatabase database, double seconds)
    {
        for (int n = 0; n < 3; n++)
            await Life.RunAsync(database.Jobs, 50, 1, seconds);
        await Life.RunAsync(database.Jobs, 1000, 1, seconds);
        await Life.RunAsync(database.Jobs, 4, 500, seconds);
    }

    private static async Task FillAsync(SqliteDatabase database, int finished, int queued)
    {
        var specs = Enumerable.Range(0, 5000).Select(Life.Spec).ToArray();
        for (int n = 0; n < finished; n += specs.Length)
        {
            await database.Jobs.EnqueueAsync(new(specs));
            var leases = await database.Jobs.LeaseAsync(Life.Request with { Max = specs.Length });
            await database.Jobs.FinishAsync([.. leases.Select(l => new Drover.Storage.FinishRequest(l.Token, new() { Kind = Drover.Jobs.OutcomeKind.Completed }))]);
        }

        for (int n = 0; n < queued; n += specs.Length)
            await database.Jobs.EnqueueAsync(new(specs));
    }

    private static void Memory(string when)
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        Console.WriteLine($"Memory {when}: {process.WorkingSet64 / 1_000_000} MB resident, {GC.GetTotalMemory(true) / 1_000_000} MB managed");
    }
}

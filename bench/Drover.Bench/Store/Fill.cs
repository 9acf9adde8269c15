using System.Diagnostics;
using Drover.Jobs;
using Drover.Sqlite;
using Drover.Storage;

namespace Drover.Bench.Store;

/// <summary>A data folder with many finished jobs, for a Drover that is then started on it: <c>./dev bench web</c> does.</summary>
internal static class Fill
{
    public static async Task RunAsync(string directory, int jobs)
    {
        const int Batch = 5000;
        await using var database = await StoreBench.OpenAsync(directory, Durability.Normal);
        var clock = Stopwatch.StartNew();
        for (int n = 0; n < jobs; n += Batch)
        {
            await database.Jobs.EnqueueAsync(new([.. Enumerable.Range(n, Math.Min(Batch, jobs - n)).Select(Lists.Spec)]));
            var leases = await database.Jobs.LeaseAsync(Life.Request with { Max = Batch });
            // Every fiftieth failed.
            await database.Jobs.FinishAsync([.. leases.Select((l, i) => new FinishRequest(l.Token, i % 50 == 0
                ? AttemptOutcome.Failure(FailureReasons.Exception, "The handler threw: a connection was reset", neverRetry: true)
                : AttemptOutcome.Exited(0)))]);
        }

        Console.WriteLine($"Filled {directory} with {jobs:N0} finished jobs in {clock.Elapsed.TotalSeconds:N1} s");
    }
}

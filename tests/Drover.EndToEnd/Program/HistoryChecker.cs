using System.Globalization;

namespace Drover.EndToEnd.Program;

/// <summary>All that is known of one acknowledged job once everything has ended.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind">What it was: <c>noop</c>, <c>retry</c> (may run again) or <c>fail</c> (may not).</param>
/// <param name="Status">Its status; null when there is no such job.</param>
/// <param name="Reason">Why it failed; empty when it did not.</param>
/// <param name="Attempts">How many attempts its history has.</param>
/// <param name="HandedBack">How many of them a worker gave back without having begun.</param>
/// <param name="AttemptsWhole">Whether they are numbered from 1 without a gap and all have ended.</param>
/// <param name="Runs">How often its work was really begun, by the traces it left; null for one that leaves none.</param>
/// <param name="OutputAttempts">Which attempts its output is of, in the order of the log.</param>
internal sealed record JobHistory(
    string Id, string Kind, string? Status, string Reason, int Attempts, int HandedBack, bool AttemptsWhole, int? Runs, IReadOnlyList<int> OutputAttempts);

/// <summary>What the whole history must show, whatever was killed and cut: nothing lost, nothing doubled, nothing written by a stale lease.</summary>
internal static class HistoryChecker
{
    /// <summary>Every fault, one line each; empty when all is well.</summary>
    public static List<string> Check(IReadOnlyCollection<JobHistory> jobs)
    {
        var faults = new List<string>();
        foreach (var job in jobs)
        {
            foreach (string fault in FaultsOf(job))
                faults.Add($"{fault}: {job}");
        }

        return faults;
    }

    /// <summary>
    /// Jobs that were all ready before the first started must have started by priority, but for what workers take at the same moment: none
    /// may stand more than <paramref name="slots"/> places behind one that is less urgent.
    /// </summary>
    /// <param name="priorities">The priorities, in the order in which the jobs started.</param>
    /// <param name="slots">How many jobs all workers together take at once.</param>
    public static string? CheckOrder(IReadOnlyList<int> priorities, int slots)
    {
        for (int n = slots; n < priorities.Count; n++)
        {
            // The least urgent that started a whole handful before.
            int before = priorities.Take(n - slots + 1).Max();
            if (priorities[n] < before)
                return string.Create(CultureInfo.InvariantCulture, $"A job of priority {priorities[n]} started as number {n}, after one of {before} that started at least {slots} places before: {string.Join(' ', priorities)}");
        }

        return null;
    }

    private static IEnumerable<string> FaultsOf(JobHistory job)
    {
        if (job.Status is null)
        {
            yield return "lost";
            yield break;
        }

        if (job.Status is not ("completed" or "failed"))
            yield return "unfinished";
        // The only reason to fail here is a lost worker; what may run again does, until it has run.
        if (job.Status == "failed" && (job.Reason != "worker_lost" || job.Kind != "fail"))
            yield return "failed otherwise";
        if (job.Kind == "fail" && (job.Runs > 1 || job.Attempts - job.HandedBack > 1))
            yield return "doubled";
        if (job.Runs > job.Attempts)
            yield return "an attempt ran twice";
        if (job.Runs == 0 && job.Status == "completed")
            yield return "completed without a trace";
        if (!job.AttemptsWhole || job.Attempts == 0)
            yield return "attempts missing or open";
        if (!job.OutputAttempts.SequenceEqual(job.OutputAttempts.Order()) || job.OutputAttempts.Any(a => a > job.Attempts))
            yield return "a stale lease wrote output";
    }
}

public sealed class HistoryCheckerTests
{
    private static readonly JobHistory Good = new("a", "fail", "completed", "", 1, 0, true, 1, [1]);

    [Fact]
    public void A_good_history_passes() =>
        Assert.Empty(HistoryChecker.Check([Good, Good with { Kind = "retry", Attempts = 3, Runs = 2, OutputAttempts = [1, 3, 3] }, Good with { Status = "failed", Reason = "worker_lost", Runs = 0 }, Good with { Kind = "noop", Runs = null }, Good with { Attempts = 2, HandedBack = 1 }]));

    [Fact]
    public void Each_fault_is_seen()
    {
        (string Fault, JobHistory Job)[] faults =
        [
            ("lost", Good with { Status = null }),
            ("unfinished", Good with { Status = "running" }),
            ("doubled", Good with { Runs = 2, Attempts = 2, HandedBack = 1 }),
            ("doubled", Good with { Attempts = 2 }),
            ("an attempt ran twice", Good with { Kind = "retry", Runs = 2 }),
            ("completed without a trace", Good with { Runs = 0 }),
            ("failed otherwise", Good with { Status = "failed", Reason = "exit_code" }),
            ("failed otherwise", Good with { Kind = "retry", Status = "failed", Reason = "worker_lost" }),
            ("attempts missing or open", Good with { AttemptsWhole = false }),
            ("a stale lease wrote output", Good with { Kind = "retry", Attempts = 2, OutputAttempts = [1, 2, 1] }),
        ];
        foreach (var (fault, job) in faults)
            Assert.Contains(HistoryChecker.Check([Good, job]), line => line.StartsWith(fault + ":", StringComparison.Ordinal));
    }

    [Fact]
    public void An_order_that_more_slots_do_not_explain_is_seen()
    {
        Assert.Null(HistoryChecker.CheckOrder([1, 1, 2, 3, 2, 3], 2));
        Assert.NotNull(HistoryChecker.CheckOrder([1, 5, 5, 5, 2], 2));
        Assert.NotNull(HistoryChecker.CheckOrder([2, 1], 1));
    }
}

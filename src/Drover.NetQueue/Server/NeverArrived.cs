using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.NetQueue.Server;

/// <summary>
/// A worker comes back and finds that the server was restarted. What it had been leased just before and never heard of
/// has not been begun: it goes back to its queue, rather than being lost when its lease runs out.
/// </summary>
internal static class NeverArrived
{
    private const int PageSize = 500;

    public static async ValueTask GiveBackAsync(IBroker broker, WorkerSeat seat, IReadOnlyList<LeaseToken> inHand)
    {
        var known = inHand.ToHashSet();
        var forgotten = inHand.ToHashSet();
        var back = new List<FinishRequest>();
        string? cursor = null;
        do
        {
            var page = await broker.ListAsync(new(JobFilter.All with { Statuses = [JobStatus.Running] }, JobSort.CreatedAscending, PageSize, cursor)).ConfigureAwait(false);
            // Other instances' attempts are lost already: connecting did that.
            var running = page.Items.Where(job => job.WorkerId == seat.WorkerId).Select(job => new LeaseToken(job.Id, job.Attempt)).ToList();
            back.AddRange(running.Where(lease => !known.Contains(lease)).Select(lease => new FinishRequest(lease, new() { Kind = OutcomeKind.HandedBack })));
            forgotten.ExceptWith(running);
            cursor = page.Next;
        }
        while (cursor is not null);
        seat.Forget(forgotten);
        if (back.Count > 0)
            await seat.Session.FinishAsync(back).ConfigureAwait(false);
    }
}

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
        var back = new List<FinishRequest>();
        string? cursor = null;
        do
        {
            var page = await broker.ListAsync(new(JobFilter.All with { Statuses = [JobStatus.Running] }, JobSort.CreatedAscending, PageSize, cursor)).ConfigureAwait(false);
            // Other instances' attempts are lost already: connecting did that.
            back.AddRange(page.Items
                .Where(job => job.WorkerId == seat.WorkerId && !known.Contains(new(job.Id, job.Attempt)))
                .Select(job => new FinishRequest(new(job.Id, job.Attempt), new() { Kind = OutcomeKind.HandedBack })));
            cursor = page.Next;
        }
        while (cursor is not null);
        if (back.Count > 0)
            await seat.Session.FinishAsync(back).ConfigureAwait(false);
    }
}

using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.NetQueue.Server;

/// <summary>
/// Accepts a request once, however often its client sends it. The jobs' ids tell: the client chose the first one, so
/// that a request that may have been carried out before is looked up by it. That costs nothing while connections hold.
/// </summary>
internal static class EnqueueOnce
{
    public static ValueTask<EnqueueResult> RunAsync(IBroker broker, EnqueueRequest request, bool again)
    {
        if (request.FirstId is not { } id)
            return broker.EnqueueAsync(request);
        // A job that was left out because of its unique key leaves no trace by its id: the store remembers the request instead.
        if (request.IdempotencyKey is null && request.Jobs.Any(job => job.UniqueKey is not null))
            request = request with { IdempotencyKey = $"netqueue:{id}", Fingerprint = id.ToString() };
        return again ? AgainAsync(broker, request, id) : broker.EnqueueAsync(request);
    }

    private static async ValueTask<EnqueueResult> AgainAsync(IBroker broker, EnqueueRequest request, Guid id)
    {
        if (request.IdempotencyKey is not null)
        {
            var answer = await broker.EnqueueAsync(request).ConfigureAwait(false);
            // It replays what this very request did the first time; to the caller that is the first answer.
            return answer with { Replayed = answer.Replayed && answer.Jobs[0].Id != id };
        }

        if ((await broker.GetAsync([id]).ConfigureAwait(false))[0] is null)
            return await broker.EnqueueAsync(request).ConfigureAwait(false);
        var ids = Enumerable.Range(0, request.Jobs.Count).Select(n => JobId.Following(id, n)).ToList();
        var jobs = await broker.GetAsync(ids).ConfigureAwait(false);
        // One that is gone already had ended.
        return new([.. ids.Select((job, n) => new EnqueuedJob(job, jobs[n]?.Status ?? JobStatus.Completed, Duplicate: false))], Replayed: false);
    }
}

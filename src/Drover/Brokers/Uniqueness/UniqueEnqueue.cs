using System.Globalization;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Brokers.Uniqueness;

/// <summary>
/// Carries out the rules of unique keys beyond what a store does by itself, which is: a job whose key is taken is not
/// created. Windows are idempotency keys that name the window; a job that waits is replaced or put off by the same
/// changes that a person could make, each of which only succeeds while it still waits.
/// </summary>
internal sealed class UniqueEnqueue(
    IJobStore store, Announcer announcer, TimeProvider time, Func<EnqueueRequest, CancellationToken, ValueTask<EnqueueResult>> accept)
{
    private const int MostTries = 20;
    private const string Replaced = "a newer job with its unique key";

    /// <summary>A job that is to be replaced is put off so long first, so that nobody starts it before it is canceled.</summary>
    private static readonly TimeSpan Aside = TimeSpan.FromMinutes(1);

    public static bool Has(IReadOnlyList<JobSpec> specs)
    {
        for (int i = 0; i < specs.Count; i++)
        {
            if (specs[i].Unique is { } rule && (rule.Window is not null || rule.OnConflict != UniqueConflict.Skip))
                return true;
        }

        return false;
    }

    public async ValueTask<EnqueueResult> EnqueueAsync(EnqueueRequest request, CancellationToken cancel)
    {
        if (request.Jobs.Count == 1 && request.Jobs[0].Unique is { Window: { } window })
            return await InWindowAsync(request, window, cancel);
        var result = await accept(request, cancel);
        if (!result.Jobs.Any(job => job.Duplicate))
            return result;
        var jobs = result.Jobs.ToArray();
        for (int i = 0; i < jobs.Length; i++)
        {
            if (jobs[i].Duplicate && request.Jobs[i].Unique is { } rule && rule.OnConflict != UniqueConflict.Skip)
                jobs[i] = await SettleAsync(request, i, jobs[i], result.Replayed, cancel);
        }

        return result with { Jobs = jobs };
    }

    private async ValueTask<EnqueueResult> InWindowAsync(EnqueueRequest request, TimeSpan window, CancellationToken cancel)
    {
        var spec = request.Jobs[0];
        long number = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / window.Ticks;
        string key = string.Create(CultureInfo.InvariantCulture, $"{spec.UniqueKey} @{window.TotalSeconds:0.###}s {number}");
        var result = await accept(request with { Jobs = [spec with { UniqueKey = key }], IdempotencyKey = "window " + key, Fingerprint = "window" }, cancel);
        var job = result.Jobs[0];
        // Sent again by the one who created it, it is no duplicate.
        if (!result.Replayed || job.Id == request.FirstId)
            return result with { Replayed = false };
        var present = (await store.GetAsync([job.Id], cancel))[0];
        return new([new(job.Id, present?.Status ?? JobStatus.Completed, Duplicate: true)], Replayed: false);
    }

    /// <summary>Replaces or puts off the job that has the key, for as long as others are faster.</summary>
    private async ValueTask<EnqueuedJob> SettleAsync(EnqueueRequest request, int index, EnqueuedJob duplicate, bool replayed, CancellationToken cancel)
    {
        var spec = request.Jobs[index];
        for (int n = 1; n <= MostTries; n++)
        {
            var present = (await store.GetAsync([duplicate.Id], cancel))[0];
            if (replayed && present?.CanceledBy != Replaced)
                return duplicate;
            bool ended = present is null || present.Status.IsFinal();
            if (!ended && (HeldJobs.IsHeld(present!) || !await PutOffAsync(present!.Id, spec.Unique!.OnConflict == UniqueConflict.Debounce ? spec.Delay!.Value : Aside, cancel)))
            {
                // It waits for another job, or has started just now. When that made its key free the new one may come.
                if (HeldJobs.IsHeld(present!) || spec.Unique!.Until == UniqueUntil.Finished)
                    return duplicate with { Status = present!.Status == JobStatus.Queued ? JobStatus.Running : present.Status };
            }
            else if (!ended && spec.Unique!.OnConflict == UniqueConflict.Debounce)
            {
                return duplicate with { Status = JobStatus.Scheduled };
            }
            else if (!ended)
            {
                announcer.Changed(await store.CancelAsync([duplicate.Id], Replaced, cancel));
            }

            string? key = request.IdempotencyKey is { } given ? string.Create(CultureInfo.InvariantCulture, $"{given} {index}.{n}") : null;
            // Its own id is free: it was not created.
            Guid? id = request.FirstId is { } first ? JobId.Following(first, index) : null;
            var again = await accept(new([spec], key, request.Fingerprint) { FirstId = id, Ordered = request.Ordered }, cancel);
            if (!again.Jobs[0].Duplicate)
                return again.Jobs[0];
            (duplicate, replayed) = (again.Jobs[0], again.Replayed);
        }

        return duplicate;
    }

    private async ValueTask<bool> PutOffAsync(Guid id, TimeSpan by, CancellationToken cancel)
    {
        var change = await store.UpdateAsync(id, new(null, time.GetUtcNow() + by), cancel);
        announcer.Changed([change]);
        return change.Result == ChangeResult.Done;
    }
}

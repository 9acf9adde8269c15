using Drover.Jobs;
using Drover.Storage;

namespace Drover.Brokers.Following;

/// <summary>Makes a request with jobs that wait for others ready for the store, once it is seen that there is something to wait for.</summary>
internal static class FollowRules
{
    public static bool Has(IReadOnlyList<JobSpec> specs)
    {
        for (int i = 0; i < specs.Count; i++)
        {
            if (specs[i].After is not null)
                return true;
        }

        return false;
    }

    /// <exception cref="JobValidationException">A job waits for one that is not there.</exception>
    public static async ValueTask<EnqueueRequest> HoldAsync(EnqueueRequest request, IJobStore store, TimeProvider time, CancellationToken cancel)
    {
        var errors = new FieldErrors(request.Jobs.Count > 1);
        var first = request.FirstId ?? JobId.New(time);
        var batches = request.Jobs.Select(spec => spec.BatchId).OfType<Guid>().ToHashSet();
        var earlier = new Dictionary<Guid, JobSpec>();
        var specs = new JobSpec[request.Jobs.Count];
        for (int i = 0; i < specs.Length; i++)
        {
            var spec = request.Jobs[i];
            errors.Index = i;
            if (spec.After is { } after && await WhyNotAsync(after) is { } why)
                errors.Add("after", why);
            earlier.Add(JobId.Following(first, i), spec);
            specs[i] = spec.After is null ? spec : HeldJobs.Hold(spec);
        }

        errors.ThrowIfAny();
        return request with { Jobs = specs, FirstId = first };

        async ValueTask<string?> WhyNotAsync(JobAfter after)
        {
            if (after.IsBatch)
                return batches.Contains(after.Id) || (await store.CountAsync(new() { OriginId = after.Id }, cancel)).Total > 0 ? null : $"There is no batch {after.Id}.";
            if (earlier.TryGetValue(after.Id, out var before))
                return before.UniqueKey is null ? null : "It waits for a job of the same request that has a unique_key, and so may not be created.";
            return (await store.GetAsync([after.Id], cancel))[0] is not null ? null : $"There is no job {after.Id}.";
        }
    }
}

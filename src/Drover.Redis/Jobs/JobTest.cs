using Drover.Jobs;
using Drover.Redis.Engine;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

/// <summary>Holds a filter against jobs, and knows the smallest index in which all that it lets through stand.</summary>
internal sealed class JobTest(JobFilter filter, Link link)
{
    /// <summary>What a test reads of a job: neither payload nor attempts.</summary>
    public static readonly RedisValue[] Fields = ["st", "pr", "cr", "id", "err", "spec"];

    public bool PassesAll => filter == JobFilter.All;

    /// <summary>Whether the statuses alone decide.</summary>
    public bool StatusesAlone => filter with { Statuses = [] } == JobFilter.All;

    public IReadOnlyList<JobStatus> Statuses { get; } = filter.Statuses.Count == 0 ? Enum.GetValues<JobStatus>() : [.. filter.Statuses.Distinct()];

    public int? Priority => filter.Priority;

    /// <summary>The names of a job's indexes, for <see cref="IndexAsync"/> to find it by.</summary>
    public static IEnumerable<string> IndexesOf(JobSpec spec)
    {
        if (spec.Shell is { } shell)
            yield return "s:" + shell.ServerId;
        if (spec.Task is { } task)
            yield return "t:" + task.JobType;
        foreach (string tag in spec.Tags.Distinct(StringComparer.Ordinal))
            yield return "g:" + tag;
        if (JobRules.LinkOf(spec) is { } origin)
            yield return "o:" + origin.ToString("n");
    }

    public async ValueTask<RedisKey> IndexAsync(CancellationToken cancel)
    {
        var keys = new List<RedisKey> { link.Key("all") };
        if (Statuses.Count == 1)
            keys.Add(link.Key("s:" + (int)Statuses[0]));
        if (filter.Priority is { } priority)
            keys.Add(link.Key("p:" + priority));
        if (filter.ServerId is { } server)
            keys.Add(link.Key("ix:s:" + server));
        if (filter.JobType is { } type)
            keys.Add(link.Key("ix:t:" + type));
        if (filter.Tag is { } tag)
            keys.Add(link.Key("ix:g:" + tag));
        if (filter.OriginId is { } origin)
            keys.Add(link.Key("ix:o:" + origin.ToString("n")));
        if (keys.Count == 1)
            return keys[0];
        long[] sizes = await link.CallAsync(db => Task.WhenAll(keys.Select(key => db.SortedSetLengthAsync(key))), cancel);
        return keys[Array.IndexOf(sizes, sizes.Min())];
    }

    public bool Passes(JobHash job)
    {
        if (!job.Exists || !Statuses.Contains(job.Status) || (filter.Priority is { } priority && job.Priority != priority)
            || job.CreatedAt < filter.CreatedAfter || job.CreatedAt >= filter.CreatedBefore)
            return false;
        var spec = job.Spec;
        return (filter.ServerId is null || spec.Shell?.ServerId == filter.ServerId)
            && (filter.Queue is null || spec.Queue == filter.Queue)
            && (filter.Kind is null || spec.Kind == filter.Kind)
            && (filter.JobType is null || spec.Task?.JobType == filter.JobType)
            && (filter.Tag is null || spec.Tags.Contains(filter.Tag))
            && (filter.OriginId is null || JobRules.LinkOf(spec) == filter.OriginId)
            && (filter.Text is null || Contains(job, spec, filter.Text));
    }

    private static bool Contains(JobHash job, JobSpec spec, string text) =>
        (JobRules.SearchTextOf(spec)?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false)
        || (job.Error?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false)
        || job.Id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase);
}

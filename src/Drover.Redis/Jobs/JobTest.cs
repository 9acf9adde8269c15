using Drover.Jobs;

namespace Drover.Redis.Jobs;

/// <summary>Holds a filter against jobs, and knows in which indexes all that it lets through stand.</summary>
internal sealed class JobTest(JobFilter filter)
{
    private readonly IReadOnlyList<JobStatus> _statuses = filter.Statuses.Count == 0 ? Enum.GetValues<JobStatus>() : [.. filter.Statuses.Distinct()];

    public bool PassesAll => filter == JobFilter.All;

    /// <summary>Whether the statuses alone decide.</summary>
    public bool StatusesAlone => filter with { Statuses = [] } == JobFilter.All;

    public IReadOnlyList<JobStatus> Statuses => _statuses;

    public int? Priority => filter.Priority;

    /// <summary>Whether it looks at how the last attempt ended.</summary>
    public bool ReadsOutcome => filter.Text is not null;

    /// <summary>The names of a job's indexes, besides those by status and priority.</summary>
    public static List<string> IndexesOf(JobSpec spec)
    {
        var names = new List<string>();
        if (spec.Shell is { } shell)
            names.Add("s:" + shell.ServerId);
        if (spec.Task is { } task)
            names.Add("t:" + task.JobType);
        foreach (string tag in spec.Tags.Distinct(StringComparer.Ordinal))
            names.Add("g:" + tag);
        if (JobRules.LinkOf(spec) is { } origin)
            names.Add("o:" + origin.ToString("n"));
        return names;
    }

    /// <summary>The indexes in each of which every job stands that passes.</summary>
    public List<string> Indexes()
    {
        var names = new List<string>();
        if (filter.Priority is { } priority)
            names.Add("p" + priority);
        if (filter.ServerId is { } server)
            names.Add("s:" + server);
        if (filter.JobType is { } type)
            names.Add("t:" + type);
        if (filter.Tag is { } tag)
            names.Add("g:" + tag);
        if (filter.OriginId is { } origin)
            names.Add("o:" + origin.ToString("n"));
        return names;
    }

    public bool Passes(JobRecord? job)
    {
        if (job is null || !_statuses.Contains(job.Status) || (filter.Priority is { } priority && job.Priority != priority)
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

    private static bool Contains(JobRecord job, JobSpec spec, string text) =>
        (JobRules.SearchTextOf(spec)?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false)
        || (job.Error?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false)
        || job.Id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase);
}

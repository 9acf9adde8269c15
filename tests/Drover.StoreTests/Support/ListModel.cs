using Drover.Jobs;

namespace Drover.StoreTests.Support;

/// <summary>What a list must hold, by brute force over all jobs.</summary>
public static class ListModel
{
    public static List<Guid> Expected(IEnumerable<Job> all, JobFilter filter, JobSort sort)
    {
        var matching = all.Where(job => Matches(job, filter));
        var sorted = sort switch
        {
            JobSort.CreatedAscending => matching.OrderBy(j => j.Seq),
            JobSort.CreatedDescending => matching.OrderByDescending(j => j.Seq),
            JobSort.Priority => matching.OrderBy(j => j.Priority).ThenBy(j => j.Seq),
            _ => matching.OrderByDescending(j => j.FinishedAt ?? DateTimeOffset.MinValue).ThenByDescending(j => j.Seq),
        };
        return [.. sorted.Select(j => j.Id)];
    }

    public static JobCounts Counts(IEnumerable<Job> all, JobFilter filter)
    {
        var statuses = all.Where(job => Matches(job, filter)).Select(j => j.Status).ToList();
        long[] by = [.. Enum.GetValues<JobStatus>().Select(status => (long)statuses.Count(s => s == status))];
        return new(by[0], by[1], by[2], by[3], by[4], by[5], by[6]);
    }

    private static bool Matches(Job job, JobFilter filter)
    {
        if (filter.Statuses.Count > 0 && !filter.Statuses.Contains(job.Status))
            return false;
        if (filter.ServerId is not null && (job.Spec.Shell is null || job.Spec.Shell.ServerId != filter.ServerId))
            return false;
        if (filter.Queue is not null && job.Spec.Queue != filter.Queue)
            return false;
        if (filter.Kind is not null && job.Spec.Kind != filter.Kind)
            return false;
        if (filter.JobType is not null && (job.Spec.Task is null || job.Spec.Task.JobType != filter.JobType))
            return false;
        if (filter.Tag is not null && !job.Spec.Tags.Any(tag => tag == filter.Tag))
            return false;
        if (filter.Priority is not null && job.Priority != filter.Priority)
            return false;
        if (filter.CreatedAfter is { } after && job.CreatedAt < after)
            return false;
        if (filter.CreatedBefore is { } before && job.CreatedAt >= before)
            return false;
        if (filter.OriginId is not null && JobRules.LinkOf(job.Spec) != filter.OriginId)
            return false;
        return filter.Text is null || HasText(job, filter.Text);
    }

    private static bool HasText(Job job, string text)
    {
        var shell = job.Spec.Shell;
        string command = string.Join(' ', new[] { shell?.Command, shell?.ArgsText }.Concat(shell?.Args ?? []).Where(part => part is not null));
        return new[] { job.Spec.Name, command, shell?.Script, job.Outcome?.Error }.Any(place => place?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false)
            || job.Id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase);
    }
}

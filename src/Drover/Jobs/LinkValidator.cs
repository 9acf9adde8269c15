namespace Drover.Jobs;

/// <summary>Checks what ties a job to others: what it waits for, its batch, its unique key, its limit key.</summary>
internal static class LinkValidator
{
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(1);

    /// <summary>How long the stores remember a request.</summary>
    private static readonly TimeSpan LongestWindow = TimeSpan.FromHours(24);

    private const int LongestWindowKey = 150;

    public static void Check(JobSpec spec, FieldErrors errors, bool single)
    {
        if (spec.After is not null)
            CheckAfter(spec, spec.After, errors);
        if (spec.BatchId is not null && spec.OriginId is not null)
            errors.Add("origin_id", "Is not for a job of a batch.");
        if (spec.Unique is not null)
            CheckUnique(spec, spec.Unique, errors, single);
        if (spec.LimitKey is null)
            return;
        errors.Line("limit_key", spec.LimitKey, 100);
        if (spec.Kind != JobKind.Task)
            errors.Add("limit_key", "Is for tasks; commands and scripts share the limit of their server.");
    }

    private static void CheckAfter(JobSpec spec, JobAfter after, FieldErrors errors)
    {
        if (!Enum.IsDefined(after.On))
            errors.Add("after.on", "Must be 'success' or 'always'.");
        if (spec.RunAt is not null)
            errors.Add("run_at", "Cannot be given together with after; a delay can.");
        if (after.IsBatch && after.Id == spec.BatchId)
            errors.Add("after", "A job of a batch cannot wait for that batch.");
        if (spec.Tags.Count > 31)
            errors.Add("tags", "Must be at most 31 for a job that waits for another.");
    }

    private static void CheckUnique(JobSpec spec, UniqueRule unique, FieldErrors errors, bool single)
    {
        if (spec.UniqueKey is null)
            errors.Add("unique_key", "Is required with rules for it.");
        if (!Enum.IsDefined(unique.Until))
            errors.Add("unique.until", "Must be 'finished' or 'started'.");
        if (!Enum.IsDefined(unique.OnConflict))
            errors.Add("unique.on_conflict", "Must be 'skip', 'replace' or 'debounce'.");
        if (unique.OnConflict == UniqueConflict.Debounce && !(spec.Delay > TimeSpan.Zero))
            errors.Add("delay", "Is required to debounce: how long after the latest request the job runs.");
        if (spec.After is not null && unique != UniqueRule.Usual)
            errors.Add("unique", "A job that waits for another can have a unique_key without rules only.");
        if (unique.Window is not { } window)
            return;
        errors.Range("unique.window", window, ShortestWindow, LongestWindow);
        if (spec.UniqueKey?.Length > LongestWindowKey)
            errors.Add("unique_key", $"Must be 1 to {LongestWindowKey} characters with a window.");
        if (!single)
            errors.Add("unique.window", "Is for jobs that are sent one by one.");
        if (unique with { Window = null } != UniqueRule.Usual)
            errors.Add("unique.window", "Excludes until and on_conflict.");
    }
}

using Drover.Brokers;
using Drover.Jobs;

namespace Drover.Limits;

/// <summary>How many jobs with a limit key may run at once, and start in a time.</summary>
/// <param name="MaxRunning">How many may run at once, 0 to a million; 0 parks them all, null for no such limit.</param>
/// <param name="Rate">How many may start in a time; null for no such limit.</param>
public sealed record JobLimit(int? MaxRunning = null, RateLimit? Rate = null)
{
    /// <summary>Checks a limit and its key.</summary>
    /// <param name="key"><c>queue:NAME</c> for all jobs of a queue, <c>key:KEY</c> for jobs with that <see cref="JobSpec.LimitKey"/>.</param>
    /// <exception cref="JobValidationException">Something breaks a rule.</exception>
    public void Validate(string key)
    {
        var errors = new FieldErrors(batch: false);
        if (key.StartsWith("key:", StringComparison.Ordinal))
            errors.Line("key", key["key:".Length..], 100);
        else if (!key.StartsWith("queue:", StringComparison.Ordinal) || !JobValidator.IsQueueName(key["queue:".Length..]))
            errors.Add("key", "Must be queue:NAME with a queue's name, or key:KEY with a limit key.");
        if (MaxRunning is null && Rate is null)
            errors.Add("max_running", "Give max_running, rate or both.");
        if (MaxRunning is { } most)
            errors.Range("max_running", most, 0, 1_000_000);
        if (Rate is { } rate)
        {
            errors.Range("rate.count", rate.Count, 1, 100_000);
            errors.Range("rate.per", rate.Per, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        }

        errors.ThrowIfAny();
    }
}

using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;


namespace Drover.Schedules;

/// <summary>What a schedule must keep to.</summary>
public static class ScheduleRules
{
    /// <summary>The longest name, in characters: its jobs carry it in a tag.</summary>
    public const int MaxName = 80;

    /// <summary>The most by which firings may be put off.</summary>
    public static TimeSpan MaxJitter { get; } = TimeSpan.FromDays(1);

    /// <summary>Checks a schedule; answers its times.</summary>
    /// <exception cref="JobValidationException">Something breaks a rule; the job's fields are named <c>job.priority</c>.</exception>
    public static CronTimes Validate(Schedule schedule, TimeProvider time)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var fields = new FieldErrors(batch: false);
        fields.Line("name", schedule.Name, MaxName);
        fields.Range("jitter", schedule.Jitter, TimeSpan.Zero, MaxJitter);
        if (!CronTimes.TryParse(schedule.Cron, schedule.TimeZone, out var times, out string? cronError, out string? zoneError))
        {
            if (cronError is not null)
                fields.Add("cron", cronError);
            if (zoneError is not null)
                fields.Add("timezone", zoneError);
        }
        else if (times.After(time.GetUtcNow()) is null)
        {
            fields.Add("cron", "Will never come.");
        }

        Gather(fields.ThrowIfAny, "");
        if (schedule.Job.RunAt is not null || schedule.Job.Delay is not null)
            errors["job.run_at"] = ["The schedule says when; a job of a schedule has neither run_at nor delay."];
        if (schedule.Job.After is not null)
            errors["job.after"] = ["A job of a schedule waits for no other job."];
        if (schedule.Job.Unique?.Window is not null)
            errors["job.unique.window"] = ["A job of a schedule comes at the schedule's times; it has no window."];
        // As it will be enqueued, with one tag more; a wrong name of the schedule's is told once.
        bool named = schedule.Name.Length is > 0 and <= MaxName;
        Gather(() => JobValidator.Validate(new EnqueueRequest(Tagged(named ? schedule : schedule with { Name = "schedule" })), time), "job.");
        return errors.Count == 0 ? times! : throw new JobValidationException(errors);

        void Gather(Action check, string prefix)
        {
            try
            {
                check();
            }
            catch (JobValidationException e)
            {
                foreach (var (field, reasons) in e.Errors)
                    errors[prefix + field] = reasons;
            }
        }
    }

    /// <summary>The schedule's job with the tag by which it is found.</summary>
    public static JobSpec Tagged(Schedule schedule) => schedule.Job with
    {
        Tags = [.. schedule.Job.Tags.Where(t => t != schedule.Tag), schedule.Tag],
        Name = schedule.Job.Name ?? schedule.Name,
        CreatedBy = "schedule " + schedule.Name,
    };
}

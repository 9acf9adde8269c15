using System.Globalization;
using System.Text.Json;
using Drover.Jobs;
using Drover.Schedules;
using Drover.Server.Contracts;
using Drover.Server.Jobs;

namespace Drover.Server.Schedules;

/// <summary>Schedules as the API shows them.</summary>
internal static class ScheduleViews
{
    private const int Times = 10;

    public static ScheduleResponse Schedule(Schedule schedule) => new()
    {
        Id = schedule.Id,
        Name = schedule.Name,
        Cron = schedule.Cron,
        Timezone = schedule.TimeZone,
        Job = Request(schedule.Job),
        Preview = JobViews.PreviewOf(schedule.Job),
        CatchUp = schedule.CatchUp,
        Overlap = schedule.Overlap,
        Jitter = schedule.Jitter.TotalSeconds,
        Paused = schedule.Paused,
        NextAt = schedule.NextAt,
        Due = schedule.Due,
        LastAt = schedule.LastAt,
        LastJobId = schedule.LastJobId,
        Skipped = schedule.Skipped,
        LastError = schedule.LastError,
        CreatedBy = schedule.CreatedBy,
        CreatedAt = schedule.CreatedAt,
        UpdatedAt = schedule.ChangedAt,
    };

    public static ScheduleTimesResponse Next(CronTimes times, DateTimeOffset now)
    {
        var next = times.Next(now, Times);
        return new() { Times = next, Local = [.. next.Select(t => t.ToString("ddd yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture))] };
    }

    /// <summary>The request that makes this job.</summary>
    private static JobRequest Request(JobSpec spec)
    {
        var shell = spec.Shell;
        return new()
        {
            Command = shell?.Command,
            Script = shell?.Script,
            Args = JobViews.ArgsOf(shell),
            ServerId = shell?.ServerName,
            Shell = shell?.Shell,
            Env = shell is { Env.Count: > 0 } ? shell.Env : null,
            WorkingDir = shell?.WorkingDir,
            Stdin = shell?.Stdin,
            Pty = shell is { Pty: true } ? true : null,
            Unbuffered = shell is { Unbuffered: true } ? true : null,
            JobType = spec.Task?.JobType,
            Payload = spec.Task is { Payload.Length: > 0 } task ? JsonElement.Parse(task.Payload.Span) : null,
            Name = spec.Name,
            Queue = spec.Queue,
            Priority = spec.Priority,
            Timeout = spec.Timeout.TotalSeconds,
            MaxAttempts = spec.MaxAttempts,
            Backoff = JobViews.BackoffOf(spec.Backoff),
            Tags = spec.Tags.Count > 0 ? spec.Tags : null,
            UniqueKey = spec.UniqueKey,
            Unique = JobViews.UniqueOf(spec.Unique),
            LimitKey = spec.LimitKey,
            OnWorkerLost = spec.OnWorkerLost,
            WorkerLabels = spec.WorkerLabels.Count > 0 ? spec.WorkerLabels : null,
        };
    }
}

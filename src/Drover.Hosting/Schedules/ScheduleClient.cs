using Drover.Brokers;
using Drover.Jobs;
using Drover.Schedules;
using Drover.Storage;

namespace Drover.Hosting;

/// <inheritdoc/>
/// <param name="schedules">Where they are kept.</param>
/// <param name="broker">Where jobs are enqueued.</param>
/// <param name="kinds">The kinds that the program has named.</param>
/// <param name="program">Who makes them; null when unknown.</param>
/// <param name="time">The clock.</param>
internal sealed class ScheduleClient(ScheduleCatalog schedules, IBroker broker, KnownKinds kinds, string? program, TimeProvider time) : IScheduleClient
{
    public ValueTask<Schedule> SetAsync<TJob>(string name, string cron, TJob job, ScheduleOptions? options = null, CancellationToken cancel = default) =>
        schedules.DeclareAsync(Make(kinds, name, cron, job, options, time) with { CreatedBy = program }, cancel);

    public ValueTask<Schedule?> FindAsync(string name, CancellationToken cancel = default) => schedules.FindAsync(name, cancel);

    public ValueTask<IReadOnlyList<Schedule>> ListAsync(CancellationToken cancel = default) => schedules.ListAsync(cancel);

    public ValueTask<Schedule?> PauseAsync(string name, CancellationToken cancel = default) =>
        schedules.ChangeAsync(name, static schedule => schedule with { Paused = true }, cancel);

    public ValueTask<Schedule?> ResumeAsync(string name, CancellationToken cancel = default) =>
        schedules.ChangeAsync(name, static schedule => schedule with { Paused = false }, cancel);

    public ValueTask<EnqueuedJob?> RunNowAsync(string name, CancellationToken cancel = default) => schedules.RunNowAsync(name, broker, program, cancel: cancel);

    public async ValueTask<bool> RemoveAsync(string name, CancellationToken cancel = default) => await schedules.DeleteAsync(name, cancel) is not null;

    public IReadOnlyList<DateTimeOffset> Preview(string cron, string timeZone = "UTC", int count = 10) =>
        CronTimes.TryParse(cron, timeZone, out var times, out string? cronError, out string? zoneError)
            ? times.Next(time.GetUtcNow(), count)
            : throw new ArgumentException(cronError ?? zoneError, cronError is null ? nameof(timeZone) : nameof(cron));

    /// <summary>A schedule that enqueues a job of a kind.</summary>
    public static Schedule Make<TJob>(KnownKinds kinds, string name, string cron, TJob job, ScheduleOptions? options, TimeProvider time)
    {
        options ??= ScheduleOptions.Usual;
        return new()
        {
            Id = JobId.New(time).ToString(),
            Name = name,
            Cron = cron,
            TimeZone = options.TimeZone,
            // Each firing is the start of a trace of its own.
            Job = kinds.Of<TJob>().SpecOf(job, options.Job ?? JobOptions.Usual, trace: null),
            CatchUp = options.CatchUp,
            Overlap = options.Overlap,
            Jitter = options.Jitter,
        };
    }
}

using Drover.Brokers;
using Drover.Schedules;
using Drover.Storage;

namespace Drover.Hosting;

/// <summary>
/// What a program does with schedules while it runs; those that it always has it names with <see cref="DroverBuilder.AddSchedule"/>. Take it by
/// constructor injection; it may be used from many threads at once. In a cluster (<c>UseNetQueue</c>) it needs an admin's token.
/// </summary>
public interface IScheduleClient
{
    /// <summary>
    /// Adds a schedule, or makes the one of this name equal to it. Whether that one is paused stays, and so does its next time unless expression
    /// or time zone change.
    /// </summary>
    /// <param name="name">Its name, unique without regard to case: 1 to 80 characters.</param>
    /// <param name="cron">When: five fields (minute, hour, day of month, month, weekday), or six with the second first.</param>
    /// <param name="job">The payload of each of its jobs, of a type known from <c>AddHandler</c> or <c>AddJob</c>.</param>
    /// <param name="options">How it differs from the usual; null for not at all.</param>
    /// <param name="cancel">Ends the wait; it may then be there or not.</param>
    /// <returns>The schedule as it is now.</returns>
    /// <exception cref="InvalidOperationException">The type is not known.</exception>
    /// <exception cref="JobValidationException">Something breaks a rule; the message tells each.</exception>
    /// <exception cref="StoreUnavailableException">The store or the queue server is away.</exception>
    ValueTask<Schedule> SetAsync<TJob>(string name, string cron, TJob job, ScheduleOptions? options = null, CancellationToken cancel = default);

    /// <summary>The schedule with this name or id, or null.</summary>
    ValueTask<Schedule?> FindAsync(string name, CancellationToken cancel = default);

    /// <summary>Every schedule there is, by name; in a cluster those of others, too.</summary>
    ValueTask<IReadOnlyList<Schedule>> ListAsync(CancellationToken cancel = default);

    /// <summary>Lets a schedule fire no more until it is resumed; what it has enqueued stays. Null when there is none of this name or id.</summary>
    ValueTask<Schedule?> PauseAsync(string name, CancellationToken cancel = default);

    /// <summary>Lets a paused schedule go on, with the first time from now: what it missed is not caught up. Null when there is none of this name or id.</summary>
    ValueTask<Schedule?> ResumeAsync(string name, CancellationToken cancel = default);

    /// <summary>Enqueues a schedule's job now, whatever its times and policies say, also when it is paused. Null when there is none of this name or id.</summary>
    ValueTask<EnqueuedJob?> RunNowAsync(string name, CancellationToken cancel = default);

    /// <summary>Removes a schedule; what it has enqueued stays. False when there is none of this name or id.</summary>
    ValueTask<bool> RemoveAsync(string name, CancellationToken cancel = default);

    /// <summary>The next times of an expression, in its zone's offset; fewer than wanted when it ends.</summary>
    /// <param name="cron">Five or six fields.</param>
    /// <param name="timeZone">An IANA name.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="ArgumentException">One of the two cannot be read.</exception>
    IReadOnlyList<DateTimeOffset> Preview(string cron, string timeZone = "UTC", int count = 10);
}

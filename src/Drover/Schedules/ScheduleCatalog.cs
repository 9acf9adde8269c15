using Drover.Brokers;
using Drover.Catalog;
using Drover.Storage;

namespace Drover.Schedules;

/// <summary>The schedules, as documents of the catalog; and what people do with them.</summary>
/// <param name="catalog">Where they are kept.</param>
/// <param name="time">The clock.</param>
public sealed class ScheduleCatalog(ICatalog catalog, TimeProvider time)
{
    internal const string Kind = "schedule";

    /// <summary>A schedule was changed through this object; a scheduler in the same process need not wait to see it.</summary>
    internal event Action? Changed;

    /// <inheritdoc cref="ICatalog.Watch"/>
    internal IDisposable? Watch(Action changed) => catalog.Watch(Kind, changed);

    /// <summary>Every schedule, by name.</summary>
    public async ValueTask<IReadOnlyList<Schedule>> ListAsync(CancellationToken cancel = default) =>
        [.. (await catalog.ListAsync(Kind, cancel)).Select(ScheduleJson.Read)];

    /// <summary>The schedule with this id or name, or null.</summary>
    public async ValueTask<Schedule?> FindAsync(string idOrName, CancellationToken cancel = default) =>
        (await catalog.GetAsync(Kind, idOrName, cancel) ?? await catalog.FindAsync(Kind, idOrName, cancel)) is { } document ? ScheduleJson.Read(document) : null;

    /// <summary>Adds a schedule; its state (<see cref="Schedule.NextAt"/> and on) is set here.</summary>
    /// <exception cref="JobValidationException">It breaks a rule.</exception>
    /// <exception cref="CatalogConflictException">The id or name is taken.</exception>
    public async ValueTask<Schedule> CreateAsync(Schedule schedule, CancellationToken cancel = default)
    {
        var now = time.GetUtcNow();
        var times = ScheduleRules.Validate(schedule, time);
        return Announce(await catalog.CreateAsync(ScheduleJson.Write(schedule with
        {
            Version = 0,
            NextAt = schedule.Paused ? null : times.After(now),
            Due = null,
            CreatedAt = now,
            ChangedAt = now,
        }), cancel));
    }

    /// <summary>
    /// Changes what a schedule is; firings that happen meanwhile are kept. When its times change, or it is resumed, it
    /// goes on with the first time after now; what was missed while it was paused is not caught up.
    /// </summary>
    /// <returns>The schedule as it is now; null when there is none (any more).</returns>
    /// <exception cref="JobValidationException">It breaks a rule.</exception>
    /// <exception cref="CatalogConflictException">The name is taken.</exception>
    public async ValueTask<Schedule?> ChangeAsync(string idOrName, Func<Schedule, Schedule> change, CancellationToken cancel = default)
    {
        while (await FindAsync(idOrName, cancel) is { } present)
        {
            var now = time.GetUtcNow();
            var wanted = change(present);
            var times = ScheduleRules.Validate(wanted, time);
            bool goesOn = present is { Paused: false, NextAt: not null } && (wanted.Cron, wanted.TimeZone) == (present.Cron, present.TimeZone);
            wanted = wanted with
            {
                Version = present.Version,
                NextAt = wanted.Paused ? null : goesOn ? present.NextAt : times.After(now),
                Due = wanted.Paused ? null : wanted.Due,
            };
            if (ScheduleJson.Write(wanted).Json.Span.SequenceEqual(ScheduleJson.Write(present).Json.Span) && wanted.Name == present.Name)
                return present;
            try
            {
                return Announce(await catalog.UpdateAsync(ScheduleJson.Write(wanted with { ChangedAt = now }), cancel));
            }
            catch (CatalogConflictException e) when (!e.NameTaken)
            {
                // It fired in between, or somebody else changed it: looked at again.
            }
        }

        return null;
    }

    /// <summary>Adds a schedule, or makes the one of this name equal to it: for programs that declare theirs at each start.</summary>
    /// <exception cref="JobValidationException">It breaks a rule.</exception>
    public async ValueTask<Schedule> DeclareAsync(Schedule schedule, CancellationToken cancel = default)
    {
        while (true)
        {
            if (await ChangeAsync(schedule.Name, Redefined, cancel) is { } changed)
                return changed;
            try
            {
                return await CreateAsync(schedule, cancel);
            }
            catch (CatalogConflictException)
            {
                // Another node of the same program was faster.
            }
        }

        // Whether it is paused is for people to say.
        Schedule Redefined(Schedule present) => present with
        {
            Cron = schedule.Cron,
            TimeZone = schedule.TimeZone,
            Job = schedule.Job,
            CatchUp = schedule.CatchUp,
            Overlap = schedule.Overlap,
            Jitter = schedule.Jitter,
        };
    }

    /// <summary>Deletes a schedule; jobs it enqueued stay. Null when there is none.</summary>
    public async ValueTask<Schedule?> DeleteAsync(string idOrName, CancellationToken cancel = default)
    {
        while (await FindAsync(idOrName, cancel) is { } present)
        {
            if (await catalog.DeleteAsync(Kind, present.Id, present.Version, cancel))
            {
                Changed?.Invoke();
                return present;
            }
        }

        return null;
    }

    /// <summary>Enqueues the schedule's job now, whatever its times and policies say. Null when there is no such schedule.</summary>
    /// <exception cref="JobValidationException">The job breaks a rule by now.</exception>
    /// <exception cref="QueueFullException">The queue is full.</exception>
    /// <param name="idOrName">Which.</param>
    /// <param name="broker">Where jobs are enqueued.</param>
    /// <param name="by">Who wants it; null for the schedule itself.</param>
    /// <param name="idempotencyKey">Makes sending the call again safe; null for none.</param>
    /// <param name="cancel">Ends the call.</param>
    public async ValueTask<EnqueuedJob?> RunNowAsync(string idOrName, IBroker broker, string? by, string? idempotencyKey = null, CancellationToken cancel = default)
    {
        if (await FindAsync(idOrName, cancel) is not { } schedule)
            return null;
        var spec = ScheduleRules.Tagged(schedule);
        var job = (await broker.EnqueueAsync(new EnqueueRequest([spec with { CreatedBy = by ?? spec.CreatedBy }], idempotencyKey, idempotencyKey is null ? null : "run " + schedule.Id), cancel)).Jobs[0];
        while (await FindAsync(schedule.Id, cancel) is { } present)
        {
            try
            {
                await AdvanceAsync(present with { LastJobId = job.Id, LastError = null }, cancel);
                break;
            }
            catch (CatalogConflictException)
            {
                // It fired in between: looked at again.
            }
        }

        return job;
    }

    /// <summary>Writes the scheduler's own progress.</summary>
    /// <exception cref="CatalogConflictException">It was changed meanwhile.</exception>
    internal async ValueTask<Schedule> AdvanceAsync(Schedule schedule, CancellationToken cancel) =>
        ScheduleJson.Read(await catalog.UpdateAsync(ScheduleJson.Write(schedule), cancel));

    private Schedule Announce(CatalogDocument document)
    {
        Changed?.Invoke();
        return ScheduleJson.Read(document);
    }
}

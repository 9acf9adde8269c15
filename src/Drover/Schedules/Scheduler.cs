using Drover.Brokers;
using Drover.Catalog;
using Drover.Jobs;
using Drover.Storage;
using Drover.Threading;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.Schedules;

/// <summary>
/// Fires schedules. Any number of processes may run one on the same store: a firing is first claimed in the catalog by
/// an optimistic write that only one of them can make, then enqueued under an idempotency key that names schedule and
/// time, then noted as done. Whoever dies in between leaves a claim that another carries out under the same key, so
/// that each firing enqueues one job.
/// </summary>
public sealed class Scheduler : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    /// <summary>Where the catalog tells of changes, schedules are read anew after this at the latest.</summary>
    private static readonly TimeSpan Reread = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan PollWhileDue = TimeSpan.FromMilliseconds(500);

    /// <summary>After so long without a sign of it the process that claimed a firing is taken for dead.</summary>
    private static readonly TimeSpan ClaimAge = TimeSpan.FromSeconds(15);

    /// <summary>A firing that is no later than this was not missed.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private readonly ScheduleCatalog _schedules;
    private readonly IBroker _broker;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly AsyncSignal _wake;
    private readonly Dictionary<string, DateTimeOffset> _mine = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Version, long Since)> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<(string Id, long Version)> _unreadable = [];
    private readonly IDisposable? _watch;
    private IReadOnlyList<Schedule>? _known;
    private long _knownSince;
    private bool _moved;
    private int _changed;
    private bool _away;

    /// <summary>A scheduler that fires once it is started.</summary>
    /// <param name="schedules">The schedules.</param>
    /// <param name="broker">Where jobs are enqueued.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Where it logs to.</param>
    public Scheduler(ScheduleCatalog schedules, IBroker broker, TimeProvider time, ILoggerFactory logs)
    {
        (_schedules, _broker, _time, _log) = (schedules, broker, time, logs.CreateLogger<Scheduler>());
        _wake = new(time);
        _schedules.Changed += Look;
        _watch = _schedules.Watch(Look);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _schedules.Changed -= Look;
        _watch?.Dispose();
        base.Dispose();
        _wake.Dispose();
    }

    /// <summary>Fires what is due now.</summary>
    /// <returns>How long until something may be due again.</returns>
    internal async ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel)
    {
        var wait = Poll;
        var all = await AllAsync(cancel);
        _moved = false;
        foreach (var schedule in all)
        {
            var after = await StepsAsync(schedule, cancel);
            wait = after < wait ? after : wait;
        }

        Forget(all);
        if (_watch is not null && !_moved)
            _known = all;
        return wait;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var stopped = stoppingToken.UnsafeRegister(static wake => ((AsyncSignal)wake!).Set(), _wake);
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = Poll;
            try
            {
                wait = await RunOnceAsync(stoppingToken);
                _away = false;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
            {
                if (!_away)
                    _log.SchedulesAway(e.Message);
                _away = true;
            }

            await _wake.WaitAsync(wait);
        }
    }

    private void Look()
    {
        Volatile.Write(ref _changed, 1);
        _wake.Set();
    }

    /// <summary>The schedules; where the catalog tells of changes, as they were read when there was the last one.</summary>
    private async ValueTask<IReadOnlyList<Schedule>> AllAsync(CancellationToken cancel)
    {
        var known = _known;
        // Whatever goes wrong from here on, the next round reads them anew.
        _known = null;
        if (Interlocked.Exchange(ref _changed, 0) == 0 && known is not null && _time.GetElapsedTime(_knownSince) < Reread)
            return known;
        _knownSince = _time.GetTimestamp();
        return await _schedules.ListAsync(cancel);
    }

    /// <summary>Everything that one schedule has to do now; answers how long until it may have more to do.</summary>
    private async ValueTask<TimeSpan> StepsAsync(Schedule schedule, CancellationToken cancel)
    {
        // More than this at a time would hold up the others; a long catch-up goes on in the next round.
        for (int steps = 0; steps < 200; steps++)
        {
            if (!CronTimes.TryParse(schedule.Cron, schedule.TimeZone, out var times, out string? cronError, out string? zoneError))
            {
                if (_unreadable.Add((schedule.Id, schedule.Version)))
                    _log.ScheduleUnreadable(schedule.Name, cronError ?? zoneError ?? "");
                return Poll;
            }

            try
            {
                var next = schedule.Due is { } due ? await SettleAsync(schedule, due, cancel) : await ClaimAsync(schedule, times, cancel);
                if (ReferenceEquals(next, schedule))
                    return WaitOf(schedule);
                (schedule, _moved) = (next, true);
            }
            catch (CatalogConflictException)
            {
                _moved = true;
                // Another node did it, or somebody changed it: seen in the next round.
                return TimeSpan.FromMilliseconds(50);
            }
        }

        return TimeSpan.Zero;
    }

    private TimeSpan WaitOf(Schedule schedule)
    {
        if (schedule.Due is not null)
            return PollWhileDue;
        var left = schedule.NextAt - _time.GetUtcNow() ?? Poll;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Takes the time that has come as a firing to carry out; the same schedule when none has.</summary>
    private async ValueTask<Schedule> ClaimAsync(Schedule schedule, CronTimes times, CancellationToken cancel)
    {
        var now = _time.GetUtcNow();
        if (schedule.Paused || schedule.NextAt is not { } next || next > now)
            return schedule;
        var fire = schedule.CatchUp == CatchUpPolicy.All ? next : times.Latest(next, now);
        bool missed = schedule.CatchUp == CatchUpPolicy.Skip && now - fire > Grace;
        var claimed = await _schedules.AdvanceAsync(schedule with
        {
            Due = missed ? null : fire,
            NextAt = times.After(fire),
            Skipped = schedule.Skipped + (missed || fire > next ? 1 : 0),
        }, cancel);
        if (missed || fire > next)
            _log.FiringsMissed(schedule.Name, next, missed ? "left out" : "only the last takes place");
        _mine[schedule.Id] = fire;
        return claimed;
    }

    /// <summary>Carries a claimed firing out, or leaves it out; the same schedule when it has to wait.</summary>
    private async ValueTask<Schedule> SettleAsync(Schedule schedule, DateTimeOffset due, CancellationToken cancel)
    {
        if (!MayWorkOn(schedule, due))
            return schedule;
        if (schedule.Overlap != OverlapPolicy.Allow && await LastUnfinishedAsync(schedule, cancel) is { } last)
        {
            if (schedule.Overlap == OverlapPolicy.Skip)
                return await DoneAsync(schedule with { Skipped = schedule.Skipped + 1, LastError = $"The job {last.Id} of the firing before had not finished." }, cancel);
            if (schedule.Overlap == OverlapPolicy.Cancel && last.CancelRequestedAt is null)
                await _broker.CancelAsync([last.Id], "schedule " + schedule.Name, cancel);
            return await LeaveOutMeanwhileAsync(schedule, cancel);
        }

        try
        {
            var id = await EnqueueAsync(schedule, due, cancel);
            return await DoneAsync(schedule with { LastAt = due, LastJobId = id, LastError = null }, cancel);
        }
        catch (QueueFullException e)
        {
            return schedule.LastError == e.Message ? schedule : await _schedules.AdvanceAsync(schedule with { LastError = e.Message }, cancel);
        }
        catch (Exception e) when (e is JobValidationException or IdempotencyConflictException)
        {
            _log.FiringRefused(schedule.Name, due, e.Message);
            return await DoneAsync(schedule with { LastError = e.Message, Skipped = schedule.Skipped + 1 }, cancel);
        }
    }

    /// <summary>While a firing waits for the last job, further ones are left out, so that the next time shown is one to come.</summary>
    private async ValueTask<Schedule> LeaveOutMeanwhileAsync(Schedule schedule, CancellationToken cancel)
    {
        var now = _time.GetUtcNow();
        if (schedule.CatchUp == CatchUpPolicy.All || schedule.NextAt is not { } next || next > now
            || !CronTimes.TryParse(schedule.Cron, schedule.TimeZone, out var times, out _, out _))
            return schedule;
        return await _schedules.AdvanceAsync(schedule with { NextAt = times.After(times.Latest(next, now)), Skipped = schedule.Skipped + 1 }, cancel);
    }

    private async ValueTask<Guid> EnqueueAsync(Schedule schedule, DateTimeOffset due, CancellationToken cancel)
    {
        string key = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"schedule {schedule.Id} {due.UtcTicks}");
        var spec = ScheduleRules.Tagged(schedule);
        if (schedule.Jitter > TimeSpan.Zero && due + (Share(key) * schedule.Jitter) is var runAt && runAt > _time.GetUtcNow())
            spec = spec with { RunAt = runAt };
        var result = await _broker.EnqueueAsync(new EnqueueRequest([spec], key, key), cancel);
        return result.Jobs[0].Id;
    }

    private async ValueTask<Schedule> DoneAsync(Schedule schedule, CancellationToken cancel)
    {
        var done = await _schedules.AdvanceAsync(schedule with { Due = null }, cancel);
        _mine.Remove(schedule.Id);
        return done;
    }

    private async ValueTask<Job?> LastUnfinishedAsync(Schedule schedule, CancellationToken cancel) =>
        schedule.LastJobId is { } id && (await _broker.GetAsync([id], cancel))[0] is { } job && !job.Status.IsFinal() ? job : null;

    /// <summary>Whether the claim is this scheduler's, or was left by one that has not moved for long.</summary>
    private bool MayWorkOn(Schedule schedule, DateTimeOffset due)
    {
        if (_mine.TryGetValue(schedule.Id, out var mine) && mine == due)
            return true;
        long now = _time.GetTimestamp();
        if (!_seen.TryGetValue(schedule.Id, out var seen) || seen.Version != schedule.Version)
            _seen[schedule.Id] = seen = (schedule.Version, now);
        return _time.GetElapsedTime(seen.Since, now) >= ClaimAge;
    }

    private void Forget(IReadOnlyList<Schedule> all)
    {
        if (_seen.Count + _mine.Count + _unreadable.Count <= 3 * all.Count)
            return;
        var ids = all.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        foreach (string id in _seen.Keys.Concat(_mine.Keys).Where(id => !ids.Contains(id)).ToList())
        {
            _seen.Remove(id);
            _mine.Remove(id);
        }

        _unreadable.IntersectWith(all.Select(s => (s.Id, s.Version)));
    }

    /// <summary>0 to 1, the same on every node (FNV-1a).</summary>
    private static double Share(string key)
    {
        uint hash = 2166136261;
        foreach (char c in key)
            hash = (hash ^ c) * 16777619;
        return hash / (double)uint.MaxValue;
    }
}

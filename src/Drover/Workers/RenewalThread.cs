using Drover.Storage;
using Drover.Threading;

namespace Drover.Workers;

/// <summary>
/// Renews the leases of all attempts in hand, and so tells the broker that the worker lives, from a thread of its own
/// on which no handler runs. Stops attempts that are canceled or whose lease is lost.
/// </summary>
internal sealed class RenewalThread(WorkerBench bench) : IDisposable
{
    private static readonly TimeSpan LongestTick = TimeSpan.FromSeconds(1);

    private readonly PumpContext _pump = new();
    private readonly TimeSpan _tick = bench.Options.HeartbeatInterval / 4 < LongestTick ? bench.Options.HeartbeatInterval / 4 : LongestTick;
    private Thread? _thread;
    private Task _renewal = Task.CompletedTask;
    private long _due;
    private bool _failing;
    private volatile bool _stopped;

    public void Start()
    {
        _due = bench.Time.GetTimestamp() + InTicks(bench.Options.HeartbeatInterval);
        _thread = new(Run) { IsBackground = true, Name = "drover renewals", Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    public void Dispose()
    {
        _stopped = true;
        _pump.Wake();
        _thread?.Join();
    }

    private void Run()
    {
        SynchronizationContext.SetSynchronizationContext(_pump);
        // The thread wakes by itself, since timers of the system run on the thread pool, which handlers may clog;
        // the timer is for a clock that is not the system's.
        using var timer = bench.Time.CreateTimer(static pump => ((PumpContext)pump!).Wake(), _pump, _tick, _tick);
        while (!_stopped)
        {
            _pump.RunAll(_tick);
            long now = bench.Time.GetTimestamp();
            if (_renewal.IsCompleted && now >= _due && bench.HasSession)
                _renewal = RenewAsync(now);
            StopExpired();
            bench.HandBackAhead(bench.Options.HeartbeatInterval);
        }
    }

    private async Task RenewAsync(long now)
    {
        var attempts = bench.Attempts();
        try
        {
            var results = await bench.Session.RenewAsync(Array.ConvertAll(attempts, a => a.Lease.Token));
            long until = now + InTicks(bench.Options.Lease);
            for (int i = 0; i < results.Count; i++)
                Apply(attempts[i], results[i], until);
            _due = now + InTicks(bench.Options.HeartbeatInterval);
            if (_failing)
                bench.Log.RenewalsWork();
            _failing = false;
        }
        catch (Exception e)
        {
            _due = now + InTicks(_tick);
            if (!_failing)
                bench.Log.RenewalsFail(e.Message);
            _failing = true;
        }
    }

    private void Apply(Attempt attempt, RenewResult result, long until)
    {
        if (result.Held)
            attempt.LeasedUntil = until;
        // An attempt that ended meanwhile has given up its lease by itself.
        else if (!attempt.HasEnded && bench.Find(attempt.Lease.Token) == attempt)
            Lose(attempt);
        if (result.CancelRequested)
            attempt.RequestStop(StopReason.Canceled);
    }

    /// <summary>The broker may have given a job that could not be renewed in time to another worker.</summary>
    private void StopExpired()
    {
        long now = bench.Time.GetTimestamp();
        foreach (var attempt in bench.Attempts())
        {
            if (!attempt.HasEnded && attempt.LeasedUntil <= now)
                Lose(attempt);
        }
    }

    private void Lose(Attempt attempt)
    {
        if (attempt.IsLost)
            return;
        bench.Log.LeaseLost(attempt.Lease.Token.JobId, attempt.Lease.Token.Attempt);
        attempt.RequestStop(StopReason.LeaseLost);
    }

    private long InTicks(TimeSpan time) => (long)(time.TotalSeconds * bench.Time.TimestampFrequency);
}

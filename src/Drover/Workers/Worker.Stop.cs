
namespace Drover.Workers;

public sealed partial class Worker
{
    /// <summary>How long executors have to end their work and the broker to take the outcomes, once jobs are stopped.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The same when somebody is in a hurry.</summary>
    private static readonly TimeSpan LittlePatience = TimeSpan.FromSeconds(3);

    private long _stopBegan;
    private long _jobsStopped;
    private volatile bool _hurry;

    /// <summary>Ends a drain at once: jobs in hand are stopped, and what has not ended after three seconds is left. For a second SIGTERM.</summary>
    public void StopNow()
    {
        _hurry = true;
        BeginStop();
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var hurry = cancellationToken.UnsafeRegister(static worker => ((Worker)worker!).StopNow(), this);
        await base.StopAsync(CancellationToken.None);
    }

    private void BeginStop()
    {
        Interlocked.CompareExchange(ref _stopBegan, _time.GetTimestamp(), 0);
        Drain();
        _bench.Changed.Set();
    }

    private void Drain()
    {
        if (_noMore.IsCancellationRequested)
            return;
        _log.Draining(_bench.InHand);
        _noMore.Cancel();
        _bench.HandBackAhead(TimeSpan.Zero);
        _bench.Changed.Set();
    }

    /// <summary>Waits until all jobs in hand have ended and the broker knows; stops them when the time is over.</summary>
    private async Task EndJobsInHandAsync()
    {
        while (_bench.InHand > 0)
        {
            var left = TimeLeft();
            if (left > TimeSpan.Zero || left is null)
            {
                await _bench.Changed.WaitAsync(left);
                continue;
            }

            if (_jobsStopped != 0)
            {
                _log.JobsLeft(_bench.InHand);
                return;
            }

            _log.StoppingJobs(_bench.InHand);
            _jobsStopped = _time.GetTimestamp();
            _bench.StopAll(StopReason.Shutdown);
        }
    }

    /// <summary>Of the drain, then of what follows it; null while there is no hurry, because only the broker asked to drain.</summary>
    private TimeSpan? TimeLeft()
    {
        if (_jobsStopped != 0)
            return (_hurry ? LittlePatience : Patience) - _time.GetElapsedTime(_jobsStopped);
        if (_hurry)
            return TimeSpan.Zero;
        long began = Volatile.Read(ref _stopBegan);
        return began == 0 ? null : _options.GracefulShutdown - _time.GetElapsedTime(began);
    }

    private async Task LeaveAsync()
    {
        try
        {
            if (_bench.HasSession)
                await _bench.Session.DisposeAsync();
        }
        catch (Exception e)
        {
            _log.SessionEnded(e);
        }

        _log.WorkerEnded(Id);
    }
}

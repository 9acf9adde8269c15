using Drover.Storage;
using Drover.Threading;
using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Duties;

/// <summary>Something the broker does by itself again and again. It outlives every failure: logged once, tried again with longer and longer pauses.</summary>
internal abstract class Duty(string name, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly AsyncSignal _wake = new(time);

    protected TimeProvider Time => time;

    protected ILogger Log => log;

    /// <summary>How much longer than asked for the last sleep was: this process, or its machine, stood still.</summary>
    protected TimeSpan Overslept { get; private set; }

    /// <summary>Does what is due now.</summary>
    /// <returns>How long until it should be done again.</returns>
    public abstract ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel);

    /// <summary>Asked before each round: null to do it, or how long to wait instead. What was left out is neither a failure nor a recovery.</summary>
    protected virtual TimeSpan? Rest() => null;

    /// <summary>Works until canceled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        await using var canceled = cancel.UnsafeRegister(static wake => ((AsyncSignal)wake!).Set(), _wake);
        var pause = TimeSpan.Zero;
        while (!cancel.IsCancellationRequested)
        {
            TimeSpan next;
            try
            {
                if (Rest() is { } rest)
                {
                    next = rest;
                }
                else
                {
                    next = await RunOnceAsync(cancel);
                    if (pause > TimeSpan.Zero)
                        log.DutyRecovered(name);
                    pause = TimeSpan.Zero;
                }
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (pause == TimeSpan.Zero)
                    Report(e);
                next = pause = pause == TimeSpan.Zero ? FirstPause : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
            }

            long asleep = time.GetTimestamp();
            await SleepAsync(next);
            Overslept = time.GetElapsedTime(asleep) - next;
        }
    }

    public void Dispose() => _wake.Dispose();

    /// <summary>Ends the sleep between two rounds.</summary>
    protected void Wake() => _wake.Set();

    protected virtual async ValueTask SleepAsync(TimeSpan time) => await _wake.WaitAsync(time);

    private void Report(Exception e)
    {
        if (e is StoreUnavailableException)
            log.DutyUnavailable(name, e.Message);
        else
            log.DutyFailed(e, name);
    }
}

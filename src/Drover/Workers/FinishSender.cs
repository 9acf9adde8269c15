using Drover.Jobs;
using Drover.Storage;
using Drover.Threading;

namespace Drover.Workers;

/// <summary>Tells the broker how attempts ended: in batches that gather while the one before is on its way, and again until the broker answers.</summary>
internal sealed class FinishSender(WorkerBench bench) : IDisposable
{
    private const int MaxBatch = 1000;
    private const int TriesForOne = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly AsyncSignal _wake = new(bench.Time);
    private List<Attempt> _ended = [];
    private volatile bool _stopped;

    public void Add(Attempt attempt)
    {
        lock (_gate)
        {
            _ended.Add(attempt);
            if (_ended.Count > 1)
                return;
        }

        _wake.Set();
    }

    /// <summary>Gives up what was not sent; <see cref="RunAsync"/> returns.</summary>
    public void Stop()
    {
        _stopped = true;
        _wake.Set();
    }

    public async Task RunAsync()
    {
        var batch = new List<Attempt>();
        while (!_stopped)
        {
            lock (_gate)
                (batch, _ended) = (_ended, batch);
            if (batch.Count == 0)
            {
                await _wake.WaitAsync();
                // Jobs that were leased together and are short end together: the others' ends go along with the first.
                await Task.Yield();
            }

            for (int from = 0; from < batch.Count && !_stopped; from += MaxBatch)
                await SendAsync(batch.GetRange(from, Math.Min(MaxBatch, batch.Count - from)));
            batch.Clear();
        }
    }

    public void Dispose() => _wake.Dispose();

    private async Task SendAsync(List<Attempt> attempts)
    {
        var pause = FirstPause;
        for (int tries = 1; !_stopped; tries++)
        {
            try
            {
                await SendOnceAsync(attempts);
                if (tries > 1)
                    bench.Log.FinishesSent(attempts.Count);
                return;
            }
            catch (StoreUnavailableException e)
            {
                if (tries == 1)
                    bench.Log.FinishesDelayed(attempts.Count, e.Message);
            }
            catch (Exception e)
            {
                bench.Log.FinishesFailed(e, attempts.Count);
                if (tries >= TriesForOne && await IsDividedAsync(attempts, tries, e))
                    return;
            }

            await _wake.WaitAsync(pause);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async ValueTask SendOnceAsync(List<Attempt> attempts)
    {
        var requests = new FinishRequest[attempts.Count];
        for (int i = 0; i < requests.Length; i++)
            requests[i] = new(attempts[i].Lease.Token, attempts[i].Outcome!);
        var changes = await bench.Session.FinishAsync(requests);
        for (int i = 0; i < changes.Count; i++)
        {
            if (changes[i].Result != ChangeResult.Done)
                bench.Log.FinishRefused(requests[i].Lease.JobId, requests[i].Lease.Attempt, changes[i].Result);
        }

        bench.PutDown(attempts);
        bench.Changed.Set();
    }

    /// <summary>Not the broker but one of the outcomes seems to be at fault: the others shall not suffer for it, and its job shall be told.</summary>
    private async ValueTask<bool> IsDividedAsync(List<Attempt> attempts, int tries, Exception fault)
    {
        if (attempts.Count > 1)
        {
            int half = attempts.Count / 2;
            await SendAsync(attempts.GetRange(0, half));
            await SendAsync(attempts.GetRange(half, attempts.Count - half));
            return true;
        }

        attempts[0].EndAs(AttemptOutcome.Failure(FailureReasons.Internal, $"The outcome could not be stored: {fault.Message}"));
        if (tries < 3 * TriesForOne)
            return false;
        bench.PutDown(attempts);
        bench.Changed.Set();
        return true;
    }
}

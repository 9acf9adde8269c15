using Drover.Brokers;
using Drover.Storage;
using Drover.Threading;
using Microsoft.Extensions.Logging;

namespace Drover.Workers;

/// <summary>What the parts of a worker share: its attempts in hand, its slots, and the session with the broker.</summary>
internal sealed class WorkerBench(WorkerOptions options, TimeProvider time, ILogger log) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<LeaseToken, Attempt> _inHand = [];
    private volatile IWorkerSession? _session;
    private int _busy;

    public WorkerOptions Options => options;

    public string WorkerId => options.Id;

    public TimeProvider Time => time;

    public ILogger Log => log;

    /// <summary>Called when a slot became free or the worker should look at what it does next.</summary>
    public AsyncSignal Changed { get; } = new(time);

    /// <summary>Takes the outcomes of attempts that ended.</summary>
    public Action<Attempt> Finish { get; set; } = static _ => { };

    /// <summary>The session, once there was a first one.</summary>
    public IWorkerSession Session
    {
        get => _session ?? throw new InvalidOperationException("The worker has not connected yet.");
        set => _session = value;
    }

    public bool HasSession => _session is not null;

    public int FreeSlots => options.Slots - Volatile.Read(ref _busy);

    /// <summary>Attempts that run, and those whose outcome the broker has not yet taken.</summary>
    public int InHand
    {
        get
        {
            lock (_gate)
                return _inHand.Count;
        }
    }

    public void Take(Attempt attempt)
    {
        Interlocked.Increment(ref _busy);
        lock (_gate)
            _inHand[attempt.Lease.Token] = attempt;
    }

    /// <summary>The work is over: its slot is free, its outcome goes to the broker.</summary>
    public void Ended(Attempt attempt)
    {
        Interlocked.Decrement(ref _busy);
        if (attempt.IsLost)
            PutDown(attempt);
        else
            Finish(attempt);
        Changed.Set();
    }

    /// <summary>The broker has taken the outcome, or never will.</summary>
    public void PutDown(Attempt attempt)
    {
        lock (_gate)
            _inHand.Remove(attempt.Lease.Token);
    }

    public void PutDown(List<Attempt> attempts)
    {
        lock (_gate)
        {
            foreach (var attempt in attempts)
                _inHand.Remove(attempt.Lease.Token);
        }
    }

    public Attempt? Find(LeaseToken token)
    {
        lock (_gate)
            return _inHand.GetValueOrDefault(token);
    }

    public Attempt[] Attempts()
    {
        lock (_gate)
            return [.. _inHand.Values];
    }

    public void StopAll(StopReason reason)
    {
        foreach (var attempt in Attempts())
        {
            if (!attempt.HasEnded)
                attempt.RequestStop(reason);
        }
    }

    public void Dispose() => Changed.Dispose();
}

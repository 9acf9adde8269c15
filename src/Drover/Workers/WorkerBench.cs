using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;
using Drover.Threading;
using Microsoft.Extensions.Logging;

namespace Drover.Workers;

/// <summary>What the parts of a worker share: its attempts in hand, its slots, and the session with the broker.</summary>
internal sealed class WorkerBench(WorkerOptions options, TimeProvider time, ILogger log) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<LeaseToken, Attempt> _inHand = [];
    private readonly Queue<Attempt> _ahead = new();
    private readonly EndPace _pace = new(time);
    private volatile IWorkerSession? _session;
    private int _busy;
    private int _waiting;

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

    /// <summary>How many jobs to ask for: as many as slots are free, and those to be leased ahead once half of them are used up.</summary>
    public int Wanted
    {
        get
        {
            lock (_gate)
            {
                int free = options.Slots - _busy, ahead = options.LeaseAhead == 0 ? 0 : Math.Min(options.LeaseAhead, _pace.Read());
                return free > 0 || _waiting <= ahead / 2 ? free + ahead - _waiting : 0;
            }
        }
    }

    /// <summary>Attempts that run, and those whose outcome the broker has not yet taken.</summary>
    public int InHand
    {
        get
        {
            lock (_gate)
                return _inHand.Count;
        }
    }

    /// <summary>Answers whether there is a slot for it; if not, it waits for one.</summary>
    public bool Take(Attempt attempt)
    {
        lock (_gate)
        {
            _inHand[attempt.Lease.Token] = attempt;
            if (_busy < options.Slots)
            {
                _busy++;
                return true;
            }

            attempt.WaitsSince = time.GetTimestamp();
            _ahead.Enqueue(attempt);
            _waiting++;
            return false;
        }
    }

    /// <summary>The work is over: its slot is free for the next, its outcome goes to the broker.</summary>
    public void Ended(Attempt attempt)
    {
        Attempt? next = null;
        lock (_gate)
        {
            _pace.Ended();
            while (next is null && _ahead.TryDequeue(out var first))
                next = Leaves(first) ? first : null;
            if (next is null)
                _busy--;
        }

        // Not here, where the one that ended may have been begun by another that ended.
        if (next is not null)
            ThreadPool.UnsafeQueueUserWorkItem(next, preferLocal: false);
        Tell(attempt);
    }

    /// <summary>Ends an attempt that waits for a slot; false for any other.</summary>
    public bool EndUnbegun(Attempt attempt, AttemptOutcome outcome)
    {
        lock (_gate)
        {
            if (!Leaves(attempt))
                return false;
        }

        attempt.EndAs(outcome);
        Tell(attempt);
        return true;
    }

    /// <summary>Hands back what has waited so long for a slot: other workers may have one free.</summary>
    public void HandBackAhead(TimeSpan waited)
    {
        var back = new List<Attempt>();
        lock (_gate)
        {
            while (_ahead.TryPeek(out var first) && (first.WaitsSince is not { } since || time.GetElapsedTime(since) >= waited))
            {
                _ahead.Dequeue();
                if (Leaves(first))
                    back.Add(first);
            }
        }

        foreach (var attempt in back)
        {
            attempt.EndAs(new() { Kind = OutcomeKind.HandedBack });
            Tell(attempt);
        }
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

    private bool Leaves(Attempt attempt)
    {
        bool waits = attempt.WaitsSince is not null;
        attempt.WaitsSince = null;
        if (waits)
            _waiting--;
        return waits;
    }

    private void Tell(Attempt attempt)
    {
        if (attempt.IsLost)
            PutDown(attempt);
        else
            Finish(attempt);
        Changed.Set();
    }
}

using Drover.Workers;

namespace Drover.Brokers;

/// <summary>
/// Who waits for jobs, and whom to wake when some become ready: in each class of workers that can run them just as many
/// as are needed to take them all, longest waiting first.
/// </summary>
internal sealed class LeaseWaiters
{
    private readonly Lock _gate = new();
    private readonly List<WorkerClass> _classes = [];

    public WorkerClass Join(WorkerDescription worker)
    {
        string key = WorkerClass.KeyOf(worker);
        lock (_gate)
        {
            var found = _classes.Find(c => c.Key == key);
            if (found is null)
                _classes.Add(found = new(key, worker));
            found.Sessions++;
            return found;
        }
    }

    public void Leave(WorkerSession session, WorkerClass of)
    {
        lock (_gate)
        {
            if (--of.Sessions == 0)
                _classes.Remove(of);
        }

        Release(session, of);
    }

    /// <summary>Read before looking for jobs, and handed to <see cref="WaitAsync"/> when there were none.</summary>
    public long VersionOf(WorkerClass of)
    {
        lock (_gate)
            return of.Version;
    }

    /// <summary>Waits until a job may be ready (true), the session is released or the call canceled (false).</summary>
    public async ValueTask<bool> WaitAsync(WorkerSession session, WorkerClass of, int max, long version, CancellationToken cancel)
    {
        LeaseWaiter waiter;
        lock (_gate)
        {
            if (of.Version != version)
                return true;
            if (session.TakesNoMore || cancel.IsCancellationRequested)
                return false;
            waiter = new(of, session, max);
            of.Waiting.AddLast(waiter.Node);
        }

        await using var canceled = cancel.UnsafeRegister(_ => Withdraw(waiter), null);
        bool ready = await waiter.Task;
        if (!ready || !cancel.IsCancellationRequested)
            return ready;
        PassOn(of, max);
        return false;
    }

    /// <summary>Jobs became ready.</summary>
    /// <param name="queue">In this queue.</param>
    /// <param name="needs">What they want of a worker; null when that is not known.</param>
    /// <param name="count">How many.</param>
    public void Ready(string queue, string? needs, long count)
    {
        lock (_gate)
        {
            foreach (var of in _classes)
            {
                if (of.Serves(queue) && (needs is null || of.Runs(needs)))
                    Wake(of, count);
            }
        }
    }

    /// <summary>Commands may be ready in any queue, for a limit that held them up has room again.</summary>
    public void ShellReady(long count)
    {
        lock (_gate)
        {
            foreach (var of in _classes)
            {
                if (of.RunsShell)
                    Wake(of, count);
            }
        }
    }

    /// <summary>Jobs of any kind may be ready in any queue.</summary>
    public void AnyReady(long count)
    {
        lock (_gate)
        {
            foreach (var of in _classes)
                Wake(of, count);
        }
    }

    /// <summary>Somebody who was woken could not look; another of the class should.</summary>
    public void PassOn(WorkerClass of, long count)
    {
        lock (_gate)
            Wake(of, count);
    }

    /// <summary>Lets a session's calls return empty-handed.</summary>
    public void Release(WorkerSession session, WorkerClass of)
    {
        lock (_gate)
        {
            for (var node = of.Waiting.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.Session == session)
                {
                    of.Waiting.Remove(node);
                    node.Value.End(ready: false);
                }

                node = next;
            }
        }
    }

    private static void Wake(WorkerClass of, long count)
    {
        of.Version++;
        while (count > 0 && of.Waiting.First is { } node)
        {
            of.Waiting.RemoveFirst();
            count -= node.Value.Max;
            node.Value.End(ready: true);
        }
    }

    private void Withdraw(LeaseWaiter waiter)
    {
        lock (_gate)
        {
            if (waiter.Node.List is null)
                return;
            waiter.Class.Waiting.Remove(waiter.Node);
            waiter.End(ready: false);
        }
    }
}

using Drover.Servers;

namespace Drover.Ssh;

/// <summary>The connections to one server at one revision, and who waits for a place on them.</summary>
internal sealed class SshServerPool(SshPool owner, SshTarget target)
{
    private static readonly TimeSpan LongestBreak = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly List<SshConnection> _connections = [];
    private readonly LinkedList<Waiter> _waiting = [];
    private int _sessions = owner.Options.SessionsPerConnection;
    private int _connecting;
    private int _breaks;
    private long _brokenAt;
    private SshFailure? _broken;

    private TimeSpan BreakLength => TimeSpan.FromTicks(Math.Min(LongestBreak.Ticks, owner.Options.BreakerDelay.Ticks << Math.Min(_breaks - 1, 10)));

    /// <summary>A place for one channel on a connection; give it back with <see cref="Release"/>.</summary>
    /// <exception cref="SshFailedException">There is none to be had.</exception>
    public async ValueTask<SshConnection> RentAsync(PinHostKey pin, CancellationToken cancel)
    {
        Waiter waiter;
        lock (_gate)
        {
            if (FindFree() is { } free)
                return free;
            ThrowWhileBroken();
            waiter = new(pin);
            _waiting.AddLast(waiter.Node);
            ConnectAsNeeded();
        }

        using CancellationTokenRegistration registration = cancel.UnsafeRegister(static (state, token) => ((Waiter)state!).Place.TrySetCanceled(token), waiter);
        return await waiter.Place.Task.ConfigureAwait(false);
    }

    /// <summary>Gives a place back.</summary>
    public void Release(SshConnection connection)
    {
        lock (_gate)
        {
            connection.InUse--;
            connection.IdleSince = owner.Time.GetTimestamp();
            ServeWaiting();
        }
    }

    /// <summary>Turns a place into the use of the whole connection, which needs no place, for a way to another server.</summary>
    public void Hold(SshConnection connection)
    {
        lock (_gate)
        {
            connection.Holds++;
            connection.InUse--;
            ServeWaiting();
        }
    }

    /// <summary>Ends <see cref="Hold"/>.</summary>
    public void ReleaseHold(SshConnection connection)
    {
        lock (_gate)
        {
            connection.Holds--;
            connection.IdleSince = owner.Time.GetTimestamp();
        }
    }

    /// <summary>The server refused another channel on this connection: it allows no more than it already carries.</summary>
    /// <returns>False when it refused even the first.</returns>
    public bool LearnSessions(SshConnection connection)
    {
        lock (_gate)
        {
            int others = connection.InUse - 1;
            if (others < 1)
                return false;
            if (others < _sessions)
            {
                _sessions = others;
                Log.FewerSessions(owner.Logger, target.ServerName, others);
            }

            return true;
        }
    }

    /// <summary>A connection is lost.</summary>
    public void Forget(SshConnection connection)
    {
        lock (_gate)
        {
            if (_connections.Remove(connection) && connection.InUse + connection.Holds > 0)
                Log.ConnectionLost(owner.Logger, target.ServerName, connection.LostBecause ?? "");
            ConnectAsNeeded();
        }
    }

    /// <summary>Closes what has been idle for long; true when nothing is left worth keeping.</summary>
    public bool Sweep()
    {
        List<SshConnection> idle;
        bool empty;
        lock (_gate)
        {
            idle = _connections.FindAll(c => c.InUse == 0 && c.Holds == 0 && (!c.Usable || owner.Time.GetElapsedTime(c.IdleSince) > owner.Options.IdleTimeout));
            empty = _connections.Count == idle.Count && _waiting.Count == 0 && _connecting == 0 && (_broken is null || owner.Time.GetElapsedTime(_brokenAt) > LongestBreak);
        }

        foreach (SshConnection connection in idle)
            connection.GiveUp("it was idle");
        return empty;
    }

    /// <summary>Closes all.</summary>
    public void CloseAll()
    {
        List<SshConnection> all;
        lock (_gate)
            all = [.. _connections];
        foreach (SshConnection connection in all)
            connection.GiveUp("Drover goes down");
    }

    private void ThrowWhileBroken()
    {
        if (_broken is not { } failure)
            return;
        TimeSpan left = BreakLength - owner.Time.GetElapsedTime(_brokenAt);
        if (left > TimeSpan.Zero && _connecting == 0)
            throw new SshFailedException(failure with { Message = $"{failure.Message} (Found before; not tried again for {Math.Ceiling(left.TotalSeconds):0} s.)" });
    }

    private SshConnection? FindFree()
    {
        foreach (SshConnection connection in _connections)
        {
            if (connection.InUse < _sessions && connection.Usable)
            {
                connection.InUse++;
                return connection;
            }
        }

        return null;
    }

    private void ServeWaiting()
    {
        while (_waiting.First is { } first)
        {
            if (first.Value.Place.Task.IsCompleted)
            {
                _waiting.RemoveFirst();
                continue;
            }

            if (FindFree() is not { } free)
                break;
            _waiting.RemoveFirst();
            if (!first.Value.Place.TrySetResult(free))
                free.InUse--;
        }

        ConnectAsNeeded();
    }

    private void ConnectAsNeeded()
    {
        if (owner.Down.IsCancellationRequested)
        {
            FailWaiting(new(Jobs.FailureReasons.ConnectFailed, "Drover goes down."));
            return;
        }

        // While credentials are in doubt one connect finds out for all.
        int most = _connections.Count == 0 && _broken is not null ? 1 : owner.Options.ConnectsPerServer;
        int wanted = Math.Min(most, (_waiting.Count + _sessions - 1) / _sessions);
        while (_connecting < wanted && _waiting.First is { } first)
        {
            _connecting++;
            PinHostKey pin = first.Value.Pin;
            _ = Task.Run(() => ConnectAsync(pin));
        }
    }

    private async Task ConnectAsync(PinHostKey pin)
    {
        SshFailure failure;
        try
        {
            SshConnection connection = await owner.ConnectAsync(target, pin, owner.Down).ConfigureAwait(false);
            connection.Pool = this;
            connection.IdleSince = owner.Time.GetTimestamp();
            lock (_gate)
            {
                _connecting--;
                (_broken, _breaks) = (null, 0);
                _connections.Add(connection);
                ServeWaiting();
            }

            return;
        }
        catch (SshFailedException e)
        {
            failure = e.Failure;
        }
        catch (OperationCanceledException)
        {
            failure = new(Jobs.FailureReasons.ConnectFailed, "Drover goes down.");
        }
#pragma warning disable CA1031 // a fault of ours must reach those who wait, not vanish in a task
        catch (Exception e)
#pragma warning restore CA1031
        {
            failure = new(Jobs.FailureReasons.Internal, e.ToString());
        }

        Log.ConnectFailed(owner.Logger, target.ServerName, failure.Reason, failure.Message);
        lock (_gate)
        {
            _connecting--;
            if (failure.Breaks && (_broken is null || owner.Time.GetElapsedTime(_brokenAt) >= BreakLength))
            {
                _breaks++;
                (_broken, _brokenAt) = (failure, owner.Time.GetTimestamp());
            }

            // With connections at hand the others wait for a place on those.
            if (failure.Breaks || _connecting == 0 && !_connections.Exists(c => c.Usable))
                FailWaiting(failure);
        }
    }

    private void FailWaiting(SshFailure failure)
    {
        foreach (Waiter waiter in _waiting)
            waiter.Place.TrySetException(new SshFailedException(failure));
        _waiting.Clear();
    }

    private sealed class Waiter
    {
        public Waiter(PinHostKey pin)
        {
            Pin = pin;
            Node = new(this);
        }

        public PinHostKey Pin { get; }

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource<SshConnection> Place { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

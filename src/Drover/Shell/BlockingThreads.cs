using System.Collections.Concurrent;

namespace Drover.Shell;

/// <summary>
/// Runs calls that may block for seconds on threads of their own, so that they never starve the thread pool. A thread
/// that is done waits a while for the next call: a new one costs more than most of these calls.
/// </summary>
public static class BlockingThreads
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(20);
    private static readonly ConcurrentStack<Waiter> Idle = new();

    /// <summary>Runs a call; the task ends as it does.</summary>
    public static Task<T> Run<T>(Func<T> call)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                done.SetResult(call());
            }
#pragma warning disable CA1031 // the exception is handed to whoever awaits
            catch (Exception e)
#pragma warning restore CA1031
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <inheritdoc cref="Run{T}"/>
    public static Task Run(Action call) => Run(() =>
    {
        call();
        return true;
    });

    private static void Post(Action call)
    {
        while (Idle.TryPop(out Waiter? waiter))
        {
            if (waiter.TryGive(call))
                return;
        }

        var fresh = new Waiter();
        fresh.TryGive(call);
        new Thread(fresh.Work, maxStackSize: 512 * 1024) { IsBackground = true, Name = "drover-blocking" }.Start();
    }

    private sealed class Waiter
    {
        private readonly object _gate = new();
        private Action? _call;
        private bool _left;

        public bool TryGive(Action call)
        {
            lock (_gate)
            {
                if (_left)
                    return false;
                _call = call;
                Monitor.Pulse(_gate);
                return true;
            }
        }

        public void Work()
        {
            while (Take() is { } call)
            {
                call();
                Idle.Push(this);
            }
        }

        private Action? Take()
        {
            lock (_gate)
            {
                if (_call is null)
                    Monitor.Wait(_gate, IdleTime);
                (Action? call, _call) = (_call, null);
                _left = call is null;
                return call;
            }
        }
    }
}

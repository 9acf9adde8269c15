namespace Drover.Bench.Hangfire;

/// <summary>A library for background jobs, in a program of one process: what both are asked.</summary>
internal interface IBackgroundJobs : IAsyncDisposable
{
    /// <summary>Starts workers, 50 at once.</summary>
    ValueTask StartAsync();

    /// <summary>Enqueues a job that counts itself; answers when it is accepted.</summary>
    ValueTask EnqueueAsync(string payload);
}

/// <summary>What the jobs of both do.</summary>
public static class Counted
{
    private static long _done;
    private static TaskCompletionSource<long>? _next;

    /// <summary>How many have run.</summary>
    public static long Done => Volatile.Read(ref _done);

    /// <summary>The timestamp at which the next one runs.</summary>
    public static Task<long> Next() => (_next = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>The work.</summary>
    public static void Run(string payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        Interlocked.Increment(ref _done);
        Interlocked.Exchange(ref _next, null)?.SetResult(System.Diagnostics.Stopwatch.GetTimestamp());
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Drover.Workers;

namespace Drover.Hosting;

/// <summary>One attempt of a job, as its handler sees it.</summary>
public sealed class JobContext
{
    private readonly TaskContext _task;
    private volatile bool _over;

    internal JobContext(TaskContext task, string kind, int version, IServiceProvider services, CancellationToken cancel) =>
        (_task, Kind, Version, Services, Cancel) = (task, kind, version, services, cancel);

    /// <summary>The job's id.</summary>
    public Guid JobId => _task.JobId;

    /// <summary>The kind's name.</summary>
    public string Kind { get; }

    /// <summary>The version in which the payload was stored; lower than the kind's own when it was upgraded.</summary>
    public int Version { get; }

    /// <summary>Which attempt this is; 1 for the first.</summary>
    public int Attempt => _task.Attempt;

    /// <summary>How many attempts there may be.</summary>
    public int MaxAttempts => _task.Lease.Spec.MaxAttempts;

    /// <summary>The queue it came from.</summary>
    public string Queue => _task.Lease.Spec.Queue;

    /// <summary>The job's tags.</summary>
    public IReadOnlyList<string> Tags => _task.Lease.Spec.Tags;

    /// <summary>The services of the attempt's scope.</summary>
    public IServiceProvider Services { get; }

    /// <summary>Fires when the work should stop.</summary>
    public CancellationToken Cancel { get; }

    internal ReadOnlyMemory<byte>? Result { get; private set; }

    /// <summary>Adds a line to the job's live log. Never blocks; does nothing once the attempt is over.</summary>
    public void Log(string line)
    {
        if (!_over)
            _task.Log(line);
    }

    /// <summary>Tells how far the work is: in the API (<c>progress</c>), to live viewers, and as a line of the log. Never blocks.</summary>
    /// <param name="done">0 to 1; what is outside is taken for the nearer end.</param>
    /// <param name="what">What is going on; null for nothing to say.</param>
    public void Progress(double done, string? what = null)
    {
        if (!_over)
            _task.Progress(done, what);
    }

    /// <summary>Keeps a result with the job, once it completes. The last one counts; at most 8 MiB as JSON.</summary>
    public void SetResult<T>(T value, JsonTypeInfo<T> json) => Result = JsonSerializer.SerializeToUtf8Bytes(value, json);

    /// <summary>Not now: ends the attempt, which does not count, and tries again after this time.</summary>
    /// <exception cref="SnoozeException">Always: let it pass.</exception>
    [DoesNotReturn]
    [SuppressMessage("Performance", "CA1822", Justification = "What a handler may do is found on its context.")]
    public void Snooze(TimeSpan time) => throw new SnoozeException(time);

    /// <summary>It failed, and trying again would not help: no further attempt follows.</summary>
    /// <param name="why">For people.</param>
    /// <exception cref="NeverRetryException">Always: let it pass.</exception>
    [DoesNotReturn]
    [SuppressMessage("Performance", "CA1822", Justification = "What a handler may do is found on its context.")]
    public void NeverRetry(string why) => throw new NeverRetryException(why);

    /// <summary>What outlives the handler must not write into the next job's log.</summary>
    internal void End() => _over = true;
}

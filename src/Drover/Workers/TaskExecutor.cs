using System.Collections.Frozen;
using Drover.Jobs;
using Drover.Storage;
using Drover.Threading;

namespace Drover.Workers;

/// <summary>Runs tasks by handlers in this process.</summary>
public sealed class TaskExecutor : IJobExecutor, IDisposable
{
    private readonly FrozenDictionary<string, TaskHandler> _handlers;
    private readonly Deadlines _deadlines;
    private readonly TimeSpan _abandonAfter;

    /// <summary>An executor for the handlers registered so far.</summary>
    /// <param name="handlers">The handlers.</param>
    /// <param name="time">The clock that timeouts follow.</param>
    /// <param name="abandonAfter">How long a handler that was asked to stop is waited for before its slot is used again; null for 10 seconds.</param>
    public TaskExecutor(TaskHandlers handlers, TimeProvider time, TimeSpan? abandonAfter = null)
    {
        _handlers = handlers.ByType.ToFrozenDictionary(StringComparer.Ordinal);
        _deadlines = new(time);
        _abandonAfter = abandonAfter ?? TimeSpan.FromSeconds(10);
        JobTypes = _handlers.Keys.ToFrozenSet(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public bool RunsShell => false;

    /// <inheritdoc/>
    public bool ReturnsAtOnce => true;

    /// <inheritdoc/>
    public IReadOnlySet<string> JobTypes { get; }

    /// <inheritdoc/>
    public bool Accepts(Lease lease) => lease.Spec.Task is { } task && _handlers.ContainsKey(task.JobType);

    /// <inheritdoc/>
    public ValueTask<AttemptOutcome> ExecuteAsync(ExecutionContext context) =>
        new TaskRun(_handlers[context.Lease.Spec.Task!.JobType], context, _deadlines, _abandonAfter).Start();

    /// <summary>Ends the timer.</summary>
    public void Dispose() => _deadlines.Dispose();
}

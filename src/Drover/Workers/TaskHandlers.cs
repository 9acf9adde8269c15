namespace Drover.Workers;

/// <summary>Runs one type of task. What it throws is a failed attempt, unless <see cref="SnoozeException"/> or <see cref="NeverRetryException"/> say otherwise.</summary>
/// <param name="context">The task.</param>
/// <param name="cancel">Fires when it should stop: canceled, timed out, or the worker goes down.</param>
public delegate ValueTask<TaskResult> TaskHandler(TaskContext context, CancellationToken cancel);

/// <summary>The handlers of a program, by job type. Filled before a <see cref="TaskExecutor"/> is made of them.</summary>
public sealed class TaskHandlers
{
    private readonly Dictionary<string, TaskHandler> _handlers = new(StringComparer.Ordinal);

    internal IReadOnlyDictionary<string, TaskHandler> ByType => _handlers;

    /// <summary>Registers a handler that says how it ended.</summary>
    /// <exception cref="ArgumentException">There is one for this type already.</exception>
    public TaskHandlers Add(string jobType, TaskHandler handler)
    {
        if (!_handlers.TryAdd(jobType, handler))
            throw new ArgumentException($"There is a handler for '{jobType}' already.", nameof(jobType));
        return this;
    }

    /// <summary>Registers a handler that has completed when it returns.</summary>
    /// <exception cref="ArgumentException">There is one for this type already.</exception>
    public TaskHandlers Add(string jobType, Func<TaskContext, CancellationToken, ValueTask> handler)
    {
        return Add(jobType, (context, cancel) =>
        {
            var work = handler(context, cancel);
            return work.IsCompletedSuccessfully ? new(TaskResult.Done) : WaitAsync(work);
        });

        static async ValueTask<TaskResult> WaitAsync(ValueTask work)
        {
            await work;
            return TaskResult.Done;
        }
    }
}

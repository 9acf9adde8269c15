namespace Drover.Sqlite.Engine;

/// <summary>What became of staging an operation.</summary>
internal enum StageResult
{
    /// <summary>It is answered already; nothing of it waits for the commit.</summary>
    Answered,

    /// <summary>Its rows are in the open transaction; it is answered after the commit.</summary>
    Waits,

    /// <summary>It concerns something that the present group changes: the group is to be committed first.</summary>
    Conflicts,
}

/// <summary>A caller's request to the writer thread.</summary>
internal abstract class Operation
{
    /// <summary>
    /// Checks the request and writes its rows. Leaves memory as it is (save what belongs to it alone and
    /// <see cref="Undo"/> takes back), since the commit may fail. An exception other than of SQLite answers the request;
    /// it must come before the first row.
    /// </summary>
    public abstract StageResult Stage();

    /// <summary>After the commit: makes the moves in memory and answers.</summary>
    public virtual void Apply()
    {
    }

    /// <summary>After a failed commit: takes back what staging did in memory.</summary>
    public virtual void Undo()
    {
    }

    public abstract void Fail(Exception error);
}

/// <summary>A request with an answer.</summary>
internal abstract class Operation<T>(CancellationToken cancel) : Operation
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _answer.Task;

    /// <summary>A request that was given up before the writer thread came to it is not begun.</summary>
    protected bool IsCanceled => cancel.IsCancellationRequested && _answer.TrySetCanceled(cancel);

    public override void Fail(Exception error) => _answer.TrySetException(error);

    protected StageResult Answer(T answer)
    {
        _answer.TrySetResult(answer);
        return StageResult.Answered;
    }
}

using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Threading.Tasks.Sources;
using Drover.Jobs;
using Drover.Output;
using Drover.Storage;
using Drover.Threading;

namespace Drover.Workers;

/// <summary>
/// One run of a handler, on a thread of the pool. Its token fires for a stop or the timeout, whichever comes first; a
/// handler that does not listen, or blocks its thread, is given up after a while.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing, and cancelling it may outlast the run.")]
internal sealed class TaskRun(TaskHandler handler, ExecutionContext context, Deadlines deadlines, TimeSpan abandonAfter)
    : TaskContext, IThreadPoolWorkItem, IDeadline, IValueTaskSource<AttemptOutcome>
{
    private readonly CancellationTokenSource _cancel = new();
    private ManualResetValueTaskSourceCore<AttemptOutcome> _outcome;
    private int _cause;
    private int _over;
    private string? _progress;

    private enum Cause
    {
        None,
        Stop,
        Timeout,
    }

    public override Lease Lease => context.Lease;

    public override TimeProvider Time => context.Time;

    /// <summary>Whether the run was asked to stop because its time was over.</summary>
    public bool TimedOut => Volatile.Read(ref _cause) == (int)Cause.Timeout;

    /// <summary>Whether the run was asked to stop by the worker.</summary>
    public bool Stopped => Volatile.Read(ref _cause) == (int)Cause.Stop;

    /// <summary>Why the worker asked.</summary>
    public StopReason StopReason => context.StopReason;

    /// <summary>How long a handler that was asked to stop is waited for.</summary>
    public TimeSpan AbandonAfter => abandonAfter;

    long IDeadline.Due { get; set; }

    IDeadline? IDeadline.Next { get; set; }

    IDeadline? IDeadline.Previous { get; set; }

    bool IDeadline.IsListed { get; set; }

    /// <summary>Begins; returns at once.</summary>
    public ValueTask<AttemptOutcome> Start()
    {
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return new(this, _outcome.Version);
    }

    public void Execute()
    {
        try
        {
            context.OnStop(static run => ((TaskRun)run!).Ask(Cause.Stop), this);
            if (Lease.Spec.Timeout > TimeSpan.Zero && _cause == (int)Cause.None)
                deadlines.Set(this, Lease.Spec.Timeout);
            var work = handler(this, _cancel.Token);
            if (work.IsCompletedSuccessfully)
                End(TaskOutcomes.Of(work.Result));
            else
                _ = WaitAsync(work);
        }
        catch (Exception e)
        {
            End(TaskOutcomes.Of(e, this));
        }
    }

    public override void Log(string line)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(line.Length) + 1);
        int length = Encoding.UTF8.GetBytes(line, bytes);
        bytes[length] = (byte)'\n';
        context.Output.Write(OutputStream.Stdout, bytes.AsSpan(0, length + 1));
        ArrayPool<byte>.Shared.Return(bytes);
    }

    public override void Progress(double done, string? what = null)
    {
        string note = JobProgress.NoteOf(done, what);
        if (Interlocked.Exchange(ref _progress, note) != note)
            context.Output.Note(note);
    }

    void IDeadline.Expire()
    {
        if (_cause == (int)Cause.None)
            Ask(Cause.Timeout);
        else
            End(TaskOutcomes.Abandoned(this));
    }

    private async Task WaitAsync(ValueTask<TaskResult> work)
    {
        AttemptOutcome outcome;
        try
        {
            outcome = TaskOutcomes.Of(await work);
        }
        catch (Exception e)
        {
            outcome = TaskOutcomes.Of(e, this);
        }

        End(outcome);
    }

    private void Ask(Cause cause)
    {
        if (Interlocked.CompareExchange(ref _cause, (int)cause, (int)Cause.None) != (int)Cause.None || Volatile.Read(ref _over) != 0)
            return;
        deadlines.Set(this, abandonAfter);
        // Not here: callbacks are the handler's code and may take their time.
        _ = _cancel.CancelAsync();
    }

    /// <summary>The first end counts; a handler that was given up may come to another one.</summary>
    private void End(AttemptOutcome outcome)
    {
        if (Interlocked.Exchange(ref _over, 1) != 0)
            return;
        deadlines.Remove(this);
        _outcome.SetResult(outcome);
    }

    AttemptOutcome IValueTaskSource<AttemptOutcome>.GetResult(short token) => _outcome.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<AttemptOutcome>.GetStatus(short token) => _outcome.GetStatus(token);

    void IValueTaskSource<AttemptOutcome>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _outcome.OnCompleted(continuation, state, token, flags);
}

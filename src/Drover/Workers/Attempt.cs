using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Drover.Jobs;
using Drover.Output;
using Drover.Servers;
using Drover.Storage;
using Drover.Telemetry;

namespace Drover.Workers;

/// <summary>One attempt in the worker's hands, from the lease until the broker has taken its outcome.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing, and cancelling it may outlast the attempt.")]
internal sealed class Attempt(Lease lease, IJobExecutor? executor, WorkerBench bench, long leasedUntil) : ExecutionContext, IThreadPoolWorkItem
{
    private static readonly AttemptOutcome CanceledUnbegun = new() { Kind = OutcomeKind.Canceled, Reason = FailureReasons.Canceled, Error = "Canceled before it began." };

    private CancellationTokenSource? _stop;
    private Action<object?>? _onStop;
    private object? _onStopState;
    private OutputBuffer? _output;
    private long _leasedUntil = leasedUntil;
    private int _reason;
    private volatile bool _lost;
    private volatile bool _ended;

    public override Lease Lease => lease;

    /// <summary>Made when an executor asks for it: tasks use <see cref="OnStop"/>.</summary>
    public override CancellationToken Stop => (_stop ?? CreateStop()).Token;

    public override StopReason StopReason => _lost ? StopReason.LeaseLost : (StopReason)Volatile.Read(ref _reason);

    public override TimeProvider Time => bench.Time;

    /// <summary>Made when something is first written: most tasks print nothing.</summary>
    public override IOutputSink Output => _output ?? CreateOutput();

    /// <summary>The timestamp since which it waits for a slot; null once it has one, or has ended without. The bench's to set.</summary>
    public long? WaitsSince { get; set; }

    /// <summary>How it ended; set when it has.</summary>
    public AttemptOutcome? Outcome { get; private set; }

    /// <summary>Whether the work itself is over.</summary>
    public bool HasEnded => _ended;

    /// <summary>Whether somebody else may have the job by now.</summary>
    public bool IsLost => _lost;

    /// <summary>The timestamp until which the lease is ours for certain.</summary>
    public long LeasedUntil
    {
        get => Volatile.Read(ref _leasedUntil);
        set => Volatile.Write(ref _leasedUntil, value);
    }

    public override void OnStop(Action<object?> callback, object state)
    {
        _onStopState = state;
        Volatile.Write(ref _onStop, callback);
        Interlocked.MemoryBarrier();
        // A stop that came before this was seen did not find the callback; one that came after may find it twice.
        if (Volatile.Read(ref _reason) != (int)StopReason.None)
            callback(state);
    }

    public override ValueTask<HostKey> ReportHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel) =>
        bench.Session.ReportHostKeyAsync(serverId, shown, cancel);

    /// <summary>Asks the executor to stop. The first reason holds, save that a lost lease overrides the others.</summary>
    public void RequestStop(StopReason reason)
    {
        if (reason == StopReason.LeaseLost)
        {
            _lost = true;
            _output?.Abandon();
        }

        if (Interlocked.CompareExchange(ref _reason, (int)reason, (int)StopReason.None) != (int)StopReason.None)
            return;
        if (bench.EndUnbegun(this, reason == StopReason.Canceled ? CanceledUnbegun : new() { Kind = OutcomeKind.HandedBack }))
            return;
        Volatile.Read(ref _onStop)?.Invoke(_onStopState);
        // Not here: callbacks are an executor's code and may take their time.
        _ = Volatile.Read(ref _stop)?.CancelAsync();
    }

    /// <summary>Ends it with this outcome, whatever it did.</summary>
    public void EndAs(AttemptOutcome outcome) => (Outcome, _ended) = (outcome, true);

    public void Execute() => _ = RunAsync();

    private async Task RunAsync()
    {
        using var activity = DroverTelemetry.Activities.HasListeners() ? StartActivity() : null;
        AttemptOutcome outcome;
        try
        {
            outcome = executor is not null ? await executor.ExecuteAsync(this) : NoExecutor();
        }
        catch (Exception e)
        {
            bench.Log.ExecutorFailed(e, lease.Token.JobId, lease.Token.Attempt);
            outcome = AttemptOutcome.Failure(FailureReasons.Internal, $"The executor failed, which is a fault in Drover: {e}");
        }

        if (_output is { } output)
        {
            await output.CompleteAsync();
            output.Dispose();
        }

        activity?.SetTag("drover.outcome", outcome.Kind.ToString());
        if (outcome.Error is not null)
            activity?.SetStatus(ActivityStatusCode.Error, outcome.Reason);
        EndAs(outcome);
        bench.Ended(this);
    }

    private AttemptOutcome NoExecutor()
    {
        string what = lease.Spec.Task is { } task ? $"tasks of the type '{task.JobType}'"
            : lease.Target is null ? "a command without a server" : $"commands on '{lease.Target.ServerName}'";
        return AttemptOutcome.Failure(FailureReasons.NoHandler, $"The worker '{bench.WorkerId}' has nothing that can run {what}.");
    }

    private CancellationTokenSource CreateStop()
    {
        var created = new CancellationTokenSource();
        if (Interlocked.CompareExchange(ref _stop, created, null) is { } present)
            return present;
        // A stop that came meanwhile did not see it.
        if (Volatile.Read(ref _reason) != (int)StopReason.None)
            created.Cancel();
        return created;
    }

    private OutputBuffer CreateOutput()
    {
        var created = new OutputBuffer(lease, bench.Options.OutputFlushInterval, bench.Options.OutputMaxBytes, Time,
            (token, entries, trim) => bench.Session.AppendOutputAsync(token, entries, trim),
            () => RequestStop(StopReason.LeaseLost));
        if (Interlocked.CompareExchange(ref _output, created, null) is { } present)
        {
            created.Dispose();
            return present;
        }

        if (_lost)
            created.Abandon();
        return created;
    }

    private Activity? StartActivity()
    {
        var activity = DroverTelemetry.Activities.StartActivity("drover.attempt", ActivityKind.Consumer);
        return activity?.SetTag("drover.job.id", lease.Token.JobId).SetTag("drover.attempt", lease.Token.Attempt)
            .SetTag("drover.queue", lease.Spec.Queue).SetTag("drover.kind", lease.Spec.Kind.ToString());
    }
}

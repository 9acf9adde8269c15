using Drover.Jobs;
using Drover.Servers;
using Drover.Storage;
using Drover.Workers;
using ExecutionContext = Drover.Workers.ExecutionContext;

namespace Drover.Shell;

/// <summary>
/// Runs commands and scripts on the worker's own machine, as the user the worker runs as, with the meaning they have on
/// any server: the same wrapper through <c>/bin/sh</c>, so that a job ends even when the worker is killed.
/// </summary>
/// <param name="options">How jobs run.</param>
public sealed class LocalExecutor(LocalOptions options) : IJobExecutor
{
    private readonly LocalTransport _transport = new(options);

    /// <inheritdoc/>
    public bool Accepts(Lease lease) => lease.Target is LocalTarget && lease.Spec.Shell is not null;

    /// <inheritdoc/>
    public ValueTask<AttemptOutcome> ExecuteAsync(ExecutionContext context) => ShellRun.RunAsync(_transport, context, options.Run);
}

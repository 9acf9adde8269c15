using Drover.Jobs;
using Drover.Servers;
using Drover.Shell;
using Drover.Storage;
using Drover.Workers;
using Microsoft.Extensions.Logging;
using ExecutionContext = Drover.Workers.ExecutionContext;

namespace Drover.Ssh;

/// <summary>Runs commands and scripts on servers over SSH, on pooled connections.</summary>
/// <param name="options">How servers are reached.</param>
/// <param name="time">The clock.</param>
/// <param name="logs">Where to log.</param>
public sealed class SshExecutor(SshOptions options, TimeProvider time, ILoggerFactory logs) : IJobExecutor, IAsyncDisposable
{
    private readonly SshPool _pool = new(options, time, logs);

    /// <inheritdoc/>
    public bool Accepts(Lease lease) => lease.Target is SshTarget && lease.Spec.Shell is not null;

    /// <inheritdoc/>
    public ValueTask<AttemptOutcome> ExecuteAsync(ExecutionContext context)
    {
        var target = (SshTarget)context.Lease.Target!;
        return ShellRun.RunAsync(new SshTransport(_pool, target, context.ReportHostKeyAsync), context, options.Run);
    }

    /// <summary>Closes all connections; jobs that still run end as lost.</summary>
    public ValueTask DisposeAsync() => _pool.DisposeAsync();
}

using Drover.EndToEnd.Shell;
using Drover.Servers;
using Drover.Shell;
using Drover.Workers;

namespace Drover.EndToEnd.Local;

/// <summary>This machine.</summary>
public sealed class LocalHost : ShellHost
{
    public override IJobExecutor Executor { get; } = new LocalExecutor(new LocalOptions { KeepaliveInterval = TimeSpan.FromSeconds(2), Run = new() { Grace = TimeSpan.FromSeconds(1), Overhang = TimeSpan.FromSeconds(2) } });

    public override ExecutionTarget Target { get; } = new LocalTarget { ServerId = "s", ServerName = "local" };
}

using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Local;

public sealed class LocalShellTests : ShellTests
{
    private static readonly LocalHost Host = new();

    protected override ValueTask<ShellHost> HostAsync() => new(Host);
}

using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Ssh;

public sealed class SshAsRootTests(SshdFixture fixture) : ShellTests
{
    protected override ValueTask<ShellHost> HostAsync() => fixture.HostAsync("root");
}

public sealed class SshWithDashTests(SshdFixture fixture) : ShellTests
{
    protected override ValueTask<ShellHost> HostAsync() => fixture.HostAsync("dash");
}

public sealed class SshWithBashTests(SshdFixture fixture) : ShellTests
{
    protected override ValueTask<ShellHost> HostAsync() => fixture.HostAsync("bash");
}

public sealed class SshWithAshTests(SshdFixture fixture) : ShellTests
{
    protected override ValueTask<ShellHost> HostAsync() => fixture.HostAsync("ash");
}

public sealed class SshWithTcshTests(SshdFixture fixture) : ShellTests
{
    protected override ValueTask<ShellHost> HostAsync() => fixture.HostAsync("tcsh");
}

public sealed class SshWithFishTests(SshdFixture fixture) : ShellTests
{
    protected override ValueTask<ShellHost> HostAsync() => fixture.HostAsync("fish");
}

public sealed class SshWithZshTests(SshdFixture fixture) : ShellTests
{
    protected override ValueTask<ShellHost> HostAsync() => fixture.HostAsync("zsh");
}

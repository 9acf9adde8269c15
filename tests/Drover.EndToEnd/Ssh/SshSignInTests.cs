using Drover.EndToEnd.Shell;
using Drover.Jobs;
using Drover.Servers;
using Drover.Ssh;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.EndToEnd.Ssh;

public sealed class SshSignInTests(SshdFixture fixture)
{
    [Theory]
    [InlineData("ed25519", "")]
    [InlineData("ed25519", "secret")]
    [InlineData("ecdsa", "")]
    [InlineData("ecdsa", "secret")]
    [InlineData("rsa", "")]
    [InlineData("rsa", "secret")]
    [InlineData("rsa PEM", "")]
    [InlineData("rsa PEM", "secret")]
    [InlineData("ecdsa PEM", "")]
    [InlineData("rsa PKCS8", "secret")]
    [InlineData("ed25519 openssl", "")]
    [InlineData("ed25519 openssl", "secret")]
    public async Task Keys_of_all_sorts_sign_in_and_are_told_apart(string sort, string passphrase)
    {
        Sshd server = await fixture.ServerAsync();
        string[] words = sort.Split(' ');
        string file = words.Length == 2 && words[1] == "openssl"
            ? await OpensslKeyAsync(server, passphrase)
            : await server.NewClientKeyAsync(["-t", words[0], "-N", passphrase, .. words.Length == 2 ? new[] { "-m", words[1] } : []]);
        byte[] key = await File.ReadAllBytesAsync(file);

        KeyInfo info = new SshKeyInspector().Inspect(key, passphrase.Length == 0 ? null : passphrase);
        (_, string listed) = await ShellHost.ToolAsync("ssh-keygen", "-l", "-f", file + ".pub");
        Assert.Contains(info.Fingerprint!, listed, StringComparison.Ordinal);
        Assert.Equal((passphrase.Length > 0, true), (info.Encrypted, info.Unlocked));
        if (passphrase.Length > 0)
        {
            Assert.False(new SshKeyInspector().Inspect(key, null).Unlocked);
            Assert.Throws<FormatException>(() => new SshKeyInspector().Inspect(key, "wrong"));
        }

        AttemptOutcome outcome = await RunAsync(server.Target() with { Credential = new() { PrivateKey = key, Passphrase = passphrase.Length == 0 ? null : passphrase } });
        Assert.True(outcome.Kind == OutcomeKind.Completed, outcome.ToString());
    }

    [Fact]
    public async Task A_password_signs_in_and_a_wrong_one_is_not_tried_again_by_the_next_hundred_jobs()
    {
        Sshd server = await fixture.ServerAsync();
        string user = await SshdFixture.UserAsync("dash");
        Assert.Equal(OutcomeKind.Completed, (await RunAsync(server.Target(user) with { Credential = new() { Password = SshdFixture.Password } })).Kind);

        SshTarget wrong = server.Target(user) with { Credential = new() { Password = "wrong" } };
        await using var executor = new SshExecutor(fixture.Options, TimeProvider.System, NullLoggerFactory.Instance);
        int before = Failures(server, user);
        AttemptOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => executor.ExecuteAsync(new RunContext(ShellHost.Command("true"), wrong)).AsTask()));
        Assert.All(outcomes, outcome => Assert.Equal(FailureReasons.AuthFailed, outcome.Reason));
        outcomes = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => executor.ExecuteAsync(new RunContext(ShellHost.Command("true"), wrong)).AsTask()));
        Assert.All(outcomes, outcome => Assert.Equal(FailureReasons.AuthFailed, outcome.Reason));
        Assert.InRange(Failures(server, user) - before, 1, 20);
        // A changed password is another revision: it is tried at once.
        AttemptOutcome fixedOutcome = await executor.ExecuteAsync(new RunContext(ShellHost.Command("true"), wrong with { Credential = new() { Password = SshdFixture.Password }, Revision = 2 }));
        Assert.Equal(OutcomeKind.Completed, fixedOutcome.Kind);
    }

    [Fact]
    public async Task A_key_that_is_not_known_there_is_refused_with_its_reason()
    {
        Sshd server = await fixture.ServerAsync();
        string file = server.Folder + "/stranger";
        await Sshd.KeygenAsync("-t", "ed25519", "-N", "", "-f", file);
        AttemptOutcome outcome = await RunAsync(server.Target() with { Credential = new() { PrivateKey = await File.ReadAllBytesAsync(file) } });
        Assert.Equal(FailureReasons.AuthFailed, outcome.Reason);
        Assert.Contains("refused the key", outcome.Error, StringComparison.Ordinal);
        outcome = await RunAsync(server.Target() with { Credential = new() { PrivateKey = "no key"u8.ToArray() } });
        Assert.Equal(FailureReasons.AuthFailed, outcome.Reason);
    }

    [Fact]
    public async Task A_host_key_is_pinned_on_first_use_refused_when_changed_and_never_asked_when_off()
    {
        Sshd server = await fixture.ServerAsync();
        HostKey other = new("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        using var first = new RunContext(ShellHost.Command("true"), server.Target() with { HostKey = null });
        Assert.Equal(OutcomeKind.Completed, (await RunAsync(first)).Kind);
        Assert.NotNull(first.Reported);

        using var raced = new RunContext(ShellHost.Command("true"), server.Target() with { HostKey = null }) { Pinned = other };
        Assert.Equal(FailureReasons.HostKeyChanged, (await RunAsync(raced)).Reason);

        AttemptOutcome changed = await RunAsync(server.Target() with { HostKey = other });
        Assert.Equal(FailureReasons.HostKeyChanged, changed.Reason);
        Assert.Contains(other.Fingerprint, changed.Error, StringComparison.Ordinal);
        Assert.Contains(server.HostKey.Fingerprint, changed.Error, StringComparison.Ordinal);

        AttemptOutcome strict = await RunAsync(server.Target() with { HostKey = null, HostKeyPolicy = HostKeyPolicy.Strict });
        Assert.Equal(FailureReasons.HostKeyUnknown, strict.Reason);
        Assert.Equal(OutcomeKind.Completed, (await RunAsync(server.Target() with { HostKey = other, HostKeyPolicy = HostKeyPolicy.Off })).Kind);
    }

    [Fact]
    public async Task The_probe_tells_each_step_and_the_one_that_failed()
    {
        Sshd server = await fixture.ServerAsync();
        await using var probe = new SshProbe(fixture.Options, TimeProvider.System, NullLoggerFactory.Instance);
        ProbeResult good = await probe.ProbeAsync(server.Target());
        Assert.True(good.Ok);
        Assert.Equal(["name", "connect", "host_key", "sign_in", "run"], good.Steps.Select(step => step.Name));
        Assert.Equal(server.HostKey, good.HostKey);
        ProbeResult bad = await probe.ProbeAsync(server.Target() with { Credential = new() { Password = "wrong" } });
        Assert.Equal(("sign_in", FailureReasons.AuthFailed), (bad.Steps[^1].Name, bad.Steps[^1].Reason));
        ProbeResult closed = await probe.ProbeAsync(server.Target() with { Port = Sshd.FreePort() });
        Assert.Equal(("connect", FailureReasons.ConnectFailed), (closed.Steps[^1].Name, closed.Steps[^1].Reason));
        ProbeResult nowhere = await probe.ProbeAsync(server.Target() with { Host = "no-such-name.invalid" });
        Assert.Equal("name", nowhere.Steps[^1].Name);
        Assert.True((await probe.ProbeAsync(new LocalTarget { ServerId = "l", ServerName = "local" })).Ok);
    }

    private Task<AttemptOutcome> RunAsync(SshTarget target) => RunAsync(new RunContext(ShellHost.Command("true"), target));

    private async Task<AttemptOutcome> RunAsync(RunContext context)
    {
        await using var executor = new SshExecutor(fixture.Options, TimeProvider.System, NullLoggerFactory.Instance);
        return await executor.ExecuteAsync(context);
    }

    private static int Failures(Sshd server, string user) => server.Log.Split('\n').Count(line => line.Contains($"Failed password for {user}", StringComparison.Ordinal));

    private static async Task<string> OpensslKeyAsync(Sshd server, string passphrase)
    {
        string file = $"{server.Folder}/pkcs8-{Guid.NewGuid():N}";
        string[] lockIt = passphrase.Length == 0 ? [] : ["-aes256", "-pass", "pass:" + passphrase];
        (int code, string output) = await ShellHost.ToolAsync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", file, .. lockIt]);
        Assert.True(code == 0, output);
        // The public half in OpenSSH's words: the last 32 bytes of the DER form are the key.
        string[] unlock = passphrase.Length == 0 ? [] : ["-passin", "pass:" + passphrase];
        await ShellHost.ToolAsync("openssl", ["pkey", "-in", file, "-pubout", "-outform", "DER", "-out", file + ".der", .. unlock]);
        byte[] raw = (await File.ReadAllBytesAsync(file + ".der"))[^32..];
        string line = "ssh-ed25519 " + Convert.ToBase64String([0, 0, 0, 11, .. "ssh-ed25519"u8, 0, 0, 0, 32, .. raw]) + "\n";
        await File.WriteAllTextAsync(file + ".pub", line);
        await File.AppendAllTextAsync($"{server.Folder}/authorized", line);
        return file;
    }
}

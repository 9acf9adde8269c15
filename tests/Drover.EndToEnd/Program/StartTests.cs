using System.Net;
using System.Net.Sockets;

namespace Drover.EndToEnd.Program;

/// <summary>What stops the program from starting, told in one line.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task A_second_program_on_the_same_data_folder_is_refused_and_hurts_nothing()
    {
        await using var first = await RunningDrover.StartAsync();
        string token = await File.ReadAllTextAsync(Path.Combine(first.Data, "admin-token"));
        string address = await File.ReadAllTextAsync(Path.Combine(first.Data, "address"));
        var second = await DroverProgram.RunAsync(first.Folder, ["up", "--data", first.Data, "--server-addr", "127.0.0.1:0", "--quiet"]);
        Assert.True(second.Code == 1, second.ToString());
        Complaint(second, first.Data);
        Assert.Equal(token, await File.ReadAllTextAsync(Path.Combine(first.Data, "admin-token")));
        Assert.Equal(address, await File.ReadAllTextAsync(Path.Combine(first.Data, "address")));
        Assert.Equal("still here\n", (await first.CliAsync("run", "--", "echo still here")).Text);
    }

    [Fact]
    public async Task A_port_in_use_is_told_with_the_way_out()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string folder = Directory.CreateTempSubdirectory("drover-start-").FullName;
        var ended = await DroverProgram.RunAsync(folder, ["up", "--data", "d", "--server-addr", taken.LocalEndpoint.ToString()!, "--quiet", "--log-level", "error"]);
        Assert.True(ended.Code == 1, ended.ToString());
        Complaint(ended, "--server-addr");
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("WORKER_LEASE", "soon")]
    [InlineData("WORKER_CONCURRENCY", "0")]
    [InlineData("SERVER_ADDR", "8080")]
    [InlineData("OUTPUT_MAX_BYTES", "many")]
    [InlineData("QUEUE_DURABILITY", "some")]
    [InlineData("QUEUE_NAME", "a b")]
    [InlineData("DATABASE_URL", "mysql://x")]
    [InlineData("AUTH_MODE", "off")]
    public async Task A_wrong_setting_is_named_in_one_line(string name, string value)
    {
        string folder = Directory.CreateTempSubdirectory("drover-start-").FullName;
        var start = DroverProgram.Start(folder, "up", "--data", "d", "--quiet");
        start.Environment[name] = value;
        await using (var fromEnvironment = new RunningProgram(start))
        {
            var ended = await fromEnvironment.EndAsync();
            Assert.True(ended.Code == 2, ended.ToString());
            Complaint(ended, name);
        }

        string option = "--" + name.ToLowerInvariant().Replace('_', '-');
        var fromCommandLine = await DroverProgram.RunAsync(folder, ["up", "--data", "d", "--quiet", option, value]);
        Assert.True(fromCommandLine.Code == 2, fromCommandLine.ToString());
        Complaint(fromCommandLine, name);
        Assert.False(Directory.Exists(Path.Combine(folder, "d")));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_made_is_told_in_one_line()
    {
        string folder = Directory.CreateTempSubdirectory("drover-start-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "file"), "");
        var ended = await DroverProgram.RunAsync(folder, ["up", "--data", "file/data", "--server-addr", "127.0.0.1:0", "--quiet"]);
        Assert.True(ended.Code == 1, ended.ToString());
        Complaint(ended, "file/data");
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Its last line is the complaint; no stack trace is anywhere.</summary>
    private static void Complaint(Ended ended, string about)
    {
        string[] complaints = [.. ended.ErrorText.Split('\n').Where(line => line.StartsWith("drover: ", StringComparison.Ordinal))];
        Assert.True(complaints.Length == 1, ended.ToString());
        Assert.Contains(about, complaints[0], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.ErrorText, StringComparison.Ordinal);
    }
}

using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.NetQueue;

/// <summary>A client that was written from docs/netqueue.md alone and shares no code with ours.</summary>
public sealed class NodeClientTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_in_another_language_lives_through_a_jobs_life(bool tls)
    {
        await using var house = await NetQueueHouse.OpenAsync(NetQueueHouse.Options with { Listen = new(IPAddress.Loopback, 0) });
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder() };
        foreach (string argument in (string[])["scenario.mjs", "127.0.0.1", $"{house.Server.Endpoint.Port}", NetQueueHouse.Secret])
            start.ArgumentList.Add(argument);
        if (tls)
            start.ArgumentList.Add(house.Server.Fingerprint);
        using var node = Process.Start(start)!;
        var errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(TestWorker.Patience, TimeProvider.System);
        Assert.Equal("", await errors);
        Assert.Equal("{\"what\":\"ok\"}", output.TrimEnd().Split('\n')[^1]);
    }

    private static string Folder([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "netqueue-node"));
}

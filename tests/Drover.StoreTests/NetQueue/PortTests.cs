using System.Net;
using System.Net.Http.Headers;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json;
using Drover.Brokers;
using Drover.NetQueue;
using Drover.NetQueue.Protocol;
using Drover.StoreTests.Support;

namespace Drover.StoreTests.NetQueue;

/// <summary>One port for TLS and plain, binary and HTTP.</summary>
public sealed class PortTests
{
    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task The_same_port_answers_http_with_and_without_TLS(string scheme)
    {
        await using var house = await NetQueueHouse.OpenAsync();
        await house.Served.EnqueueAsync(new(Make.Task() with { Queue = "mail" }), TestContext.Current.CancellationToken);
        await using var session = await house.Client().ConnectAsync(NetQueueHouse.Worker("w-7"), TestContext.Current.CancellationToken);
        using var http = Http(house, scheme, house.Server.Endpoint.Address);

        Assert.Equal("ok", (await JsonAsync(http, "/health")).GetProperty("status").GetString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri("/stats", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", NetQueueHouse.Secret);
        var stats = await JsonAsync(http, "/stats");
        Assert.Equal((1, 1), (stats.GetProperty("queued").GetInt32(), stats.GetProperty("active_workers").GetInt32()));
        Assert.Equal("mail", stats.GetProperty("queues")[0].GetProperty("name").GetString());
        Assert.Equal("w-7", (await JsonAsync(http, "/workers")).GetProperty("items")[0].GetProperty("id").GetString());
        Assert.Equal(100, (await JsonAsync(http, "/workers/stats")).GetProperty("total_capacity").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri("/other", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await http.DeleteAsync(new Uri("/stats", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task The_monitor_prints_a_line_a_second_until_its_reader_goes()
    {
        var time = new TestClock();
        await using var house = await NetQueueHouse.OpenAsync(serverTime: time);
        using var http = Http(house, "http", house.Server.Endpoint.Address);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", NetQueueHouse.Secret);
        using var lines = new StreamReader(await http.GetStreamAsync(new Uri("/monitor", UriKind.Relative), TestContext.Current.CancellationToken));
        string? first = await lines.ReadLineAsync(TestContext.Current.CancellationToken);
        var second = lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
        await NetQueueHouse.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return second.IsCompleted;
        });
        Assert.Equal(0, JsonDocument.Parse(first!).RootElement.GetProperty("queued").GetInt32());
        Assert.NotEqual(first, await second);
    }

    [Fact]
    public async Task A_client_that_pins_the_fingerprint_speaks_TLS_and_no_other_certificate_will_do()
    {
        await using var house = await NetQueueHouse.OpenAsync();
        await house.Client(change: o => o with { Fingerprint = house.Server.Fingerprint.ToUpperInvariant() }).PingAsync(TestContext.Current.CancellationToken);
        string other = new('a', 64);
        var wrong = await Assert.ThrowsAsync<NetQueueException>(async () => await house.Client(change: o => o with { Fingerprint = other }).PingAsync(default));
        Assert.Contains(house.Server.Fingerprint, wrong.Message, StringComparison.Ordinal);
        var unknown = await Assert.ThrowsAsync<NetQueueException>(async () => await house.Client(change: o => o with { Tls = NetQueueTls.On }).PingAsync(default));
        Assert.Contains("?fingerprint=" + house.Server.Fingerprint, unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_certificate_in_the_data_folder_stays_the_same_and_its_key_is_the_owners_alone()
    {
        string folder = Directory.CreateTempSubdirectory("drover-netqueue-").FullName;
        try
        {
            string fingerprint;
            await using (var house = await NetQueueHouse.OpenAsync(NetQueueHouse.Options with { CertificateFolder = folder }))
                fingerprint = house.Server.Fingerprint;
            await using var again = await NetQueueHouse.OpenAsync(NetQueueHouse.Options with { CertificateFolder = folder });
            Assert.Equal(fingerprint, again.Server.Fingerprint);
            await again.Client(change: o => o with { Fingerprint = fingerprint }).PingAsync(TestContext.Current.CancellationToken);
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "netqueue-key.pem")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task From_another_host_the_port_speaks_TLS_only_unless_that_is_switched_off_and_even_then_no_credentials_travel()
    {
        if (OtherAddress() is not { } address)
        {
            Assert.Skip("This machine has no address but loopback.");
            return;
        }

        var listen = NetQueueHouse.Options with { Listen = new(IPAddress.Any, 0) };
        await using (var strict = await NetQueueHouse.OpenAsync(listen))
        {
            using (var plain = await RawClient.OpenAsync(new(address, strict.Server.Endpoint.Port)))
            {
                await plain.SendHelloAsync(NetQueueHouse.Secret);
                Assert.Equal((ErrorCode.Insecure, 0u), await plain.ErrorAsync());
            }

            using var http = Http(strict, "http", address);
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", NetQueueHouse.Secret);
            Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync(new Uri("/stats", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
            var secure = strict.Client(change: o => o with { Host = address.ToString(), Fingerprint = strict.Server.Fingerprint });
            await (await secure.ConnectAsync(NetQueueHouse.Worker(shell: true), TestContext.Current.CancellationToken)).DisposeAsync();
        }

        await using var open = await NetQueueHouse.OpenAsync(listen with { AllowPlain = true });
        var client = open.Client(change: o => o with { Host = address.ToString(), Tls = NetQueueTls.Off });
        await (await client.ConnectAsync(NetQueueHouse.Worker(), TestContext.Current.CancellationToken)).DisposeAsync();
        await Assert.ThrowsAsync<WorkerRefusedException>(async () => await client.ConnectAsync(NetQueueHouse.Worker(shell: true), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_server_that_would_let_anybody_in_does_not_start()
    {
        var everybody = NetQueueHouse.Options with { Tokens = [] };
        Assert.Throws<ArgumentException>(() => everybody.Validate());
        Assert.Throws<ArgumentException>(() => (everybody with { AllowAnonymous = true, Listen = new(IPAddress.Any, 9000) }).Validate());
        (everybody with { AllowAnonymous = true }).Validate();
    }

    [Theory]
    [InlineData("netqueue://queue.example", "queue.example", 9000)]
    [InlineData("127.0.0.1:9100", "127.0.0.1", 9100)]
    [InlineData("netqueue://[::1]:1", "[::1]", 1)]
    public void Addresses_are_read(string address, string host, int port)
    {
        var options = NetQueueClientOptions.Parse(address);
        Assert.Equal((host.Trim('[', ']'), port), (options.Host.Trim('[', ']'), options.Port));
    }

    [Theory]
    [InlineData("http://queue:9000")]
    [InlineData("netqueue://")]
    [InlineData("netqueue://queue/path")]
    [InlineData("netqueue://queue?tls=maybe")]
    [InlineData("netqueue://queue?fingerprint=abc")]
    [InlineData("netqueue://queue?token=secret")]
    public void An_address_that_makes_no_sense_is_an_error(string address) => Assert.Throws<FormatException>(() => NetQueueClientOptions.Parse(address));

    private static HttpClient Http(NetQueueHouse house, string scheme, IPAddress address)
    {
        var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => certificate!.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256).Equals(house.Server.Fingerprint, StringComparison.OrdinalIgnoreCase),
        };
        return new HttpClient(handler) { BaseAddress = new($"{scheme}://{address}:{house.Server.Endpoint.Port}") };
    }

    private static async Task<JsonElement> JsonAsync(HttpClient http, string path)
    {
        var answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
    }

    private static IPAddress? OtherAddress() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(nic => nic.OperationalStatus == OperationalStatus.Up)
        .SelectMany(nic => nic.GetIPProperties().UnicastAddresses)
        .Select(unicast => unicast.Address)
        .FirstOrDefault(ip => ip.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(ip));
}

using System.Net;
using System.Text;
using Drover.Workers;

namespace Drover.Tests.Server;

/// <summary>Bodies that were damaged: none may end as an internal error, hang, or leave the server worse.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int PerOperation = 400;
    private static readonly string[] Snippets =
        ["null", "-1", "1e400", "1e308", "\"\"", "\"\\ud800\"", "[]", "{}", "true", "99999999999999999999", "\"\\u0000\"", "{\"$ref\": 1}", "[[[[[[[[]]]]]]]]"];

    [Fact]
    public async Task Damaged_bodies_never_end_as_an_internal_error()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        var rows = await ApiRows.MakeAsync(host);
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        foreach (var operation in (await ApiOperation.ReadAsync(host.Client)).Where(o => o.HasJsonBody && o.Id != "openSession"))
        {
            var row = rows[operation.Id];
            byte[] right = Encoding.UTF8.GetBytes(row.Body!);
            await Parallel.ForEachAsync(Enumerable.Range(0, PerOperation).Select(_ => Damage(right, random)).ToList(), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (body, cancel) =>
            {
                using var request = new HttpRequestMessage(new(operation.Method), row.FullPath) { Content = new ByteArrayContent(body) };
                request.Content.Headers.ContentType = new("application/json");
                using var response = await host.Client.SendAsync(request, cancel);
                Assert.True((int)response.StatusCode < 500, $"seed {seed}, {operation.Id}: {response.StatusCode} for {Convert.ToHexString(body)}");
                if ((int)response.StatusCode >= 400)
                    Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            });
        }

        (await host.Client.Get("/health")).Is(200);
        Assert.Empty(host.Log.Errors);
    }

    [Fact]
    public async Task Bodies_that_are_deep_or_large_or_cut_off_are_refused()
    {
        await using var host = await TestHost.StartAsync(options => options with { MaxBodyBytes = 1 << 20 });
        (await host.Client.Post("jobs", new string('[', 100_000))).Is(400);
        (await host.Client.Post("jobs", "{\"payload\": " + new string('[', 1000) + new string(']', 1000) + ", \"job_type\": \"t\"}")).Is(400);
        (await host.Client.Post("jobs", "{\"command\": \"" + new string('x', 2 << 20) + "\"}")).Is(HttpStatusCode.RequestEntityTooLarge);
        (await host.Client.Post("jobs", "{\"command\": \"tru")).Is(400);
        (await host.Client.Post("jobs", """{"command": "true", "command": "false"}""")).Is(400);
        (await host.Client.Get("/health")).Is(200);
        Assert.Empty(host.Log.Errors);
    }

    private static byte[] Damage(byte[] right, Random random)
    {
        var body = right.ToList();
        for (int n = random.Next(1, 4); n > 0 && body.Count > 0; n--)
        {
            int at = random.Next(body.Count);
            switch (random.Next(6))
            {
                case 0: body[at] = (byte)random.Next(256); break;
                case 1: body.RemoveAt(at); break;
                case 2: body.RemoveRange(at, body.Count - at); break;
                case 3: body.InsertRange(at, Encoding.UTF8.GetBytes(Snippets[random.Next(Snippets.Length)])); break;
                case 4: body.InsertRange(at, body.GetRange(at, Math.Min(random.Next(20), body.Count - at))); break;
                default: Replace(body, random); break;
            }
        }

        return [.. body];
    }

    /// <summary>Another value in place of one: the body stays JSON, so that what is behind the parser is reached.</summary>
    private static void Replace(List<byte> body, Random random)
    {
        var values = Enumerable.Range(0, body.Count - 1).Where(i => body[i] == ':' && body[i + 1] == ' ').ToList();
        if (values.Count == 0)
            return;
        int start = values[random.Next(values.Count)] + 2, end = start;
        while (end < body.Count && body[end] is not ((byte)',' or (byte)'}' or (byte)']'))
            end++;
        body.RemoveRange(start, end - start);
        body.InsertRange(start, Encoding.UTF8.GetBytes(Snippets[random.Next(Snippets.Length)]));
    }
}

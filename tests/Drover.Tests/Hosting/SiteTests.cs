using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Drover.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Drover.Tests.Hosting;

/// <summary>API and dashboard inside somebody's own program, below a prefix.</summary>
public sealed class SiteTests
{
    private static readonly (string, string) Csrf = ("X-CSRF-Token", "drover");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<Site> GuardedAsync() => Site.StartAsync((app, how) => app.MapDrover("/drover", how).RequireAuthorization("ops"));

    [Theory]
    [InlineData("/drover")]
    [InlineData("/drover/")]
    [InlineData("/drover/jobs/0198c0de-0000-7000-8000-000000000000")]
    public async Task Every_page_is_the_dashboard_with_addresses_below_the_prefix(string path)
    {
        await using var site = await GuardedAsync();
        using var page = await site.GetAsync(path, "ops");
        string text = await page.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("src=\"/drover/assets/main.js\"", text, StringComparison.Ordinal);
        Assert.Contains("name=\"drover-prefix\" content=\"/drover\"", text, StringComparison.Ordinal);
        Assert.Contains("name=\"drover-mode\" content=\"embedded\"", text, StringComparison.Ordinal);
        using var asset = await site.GetAsync("/drover/assets/main.js", "ops");
        Assert.Equal("console.log(1)", await asset.Content.ReadAsStringAsync(Cancel));
        using var again = await site.GetAsync(path, "ops", ("If-None-Match", page.Headers.ETag!.Tag));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task A_group_of_the_program_adds_its_own_prefix()
    {
        await using var site = await Site.StartAsync((app, how) => app.MapGroup("/admin").MapDrover("/jobs", how).RequireAuthorization("ops"));
        Assert.Contains("\"/admin/jobs/assets/main.js\"", await (await site.GetAsync("/admin/jobs", "ops")).Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync("/admin/jobs/api/v1/jobs", "ops")).StatusCode);
    }

    [Theory]
    [InlineData("/drover")]
    [InlineData("/drover/assets/main.js")]
    [InlineData("/drover/api/v1/jobs")]
    [InlineData("/drover/openapi/v1.json")]
    [InlineData("/drover/metrics")]
    [InlineData("/drover/health")]
    public async Task The_programs_policy_lets_in_and_keeps_out(string path)
    {
        await using var site = await GuardedAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await site.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await site.GetAsync(path, "sales")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync(path, "ops")).StatusCode);
    }

    [Fact]
    public async Task Without_any_authorization_only_this_machine_is_served_and_only_while_developing()
    {
        await using (var live = await Site.StartAsync((app, how) => app.MapDrover("/drover", how)))
        {
            using var refused = await live.GetAsync("/drover/api/v1/jobs", "ops");
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Contains("RequireAuthorization", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.Forbidden, (await live.GetAsync("/drover", "ops")).StatusCode);
        }

        await using var developing = await Site.StartAsync((app, how) => app.MapDrover("/drover", how), "Development");
        Assert.Equal(HttpStatusCode.OK, (await developing.GetAsync("/drover/api/v1/jobs")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await developing.GetAsync("/drover/api/v1/jobs", null, ("Host", "shop.example"))).StatusCode);
    }

    [Fact]
    public async Task A_fallback_policy_a_callback_or_an_open_door_said_aloud_are_decisions_too()
    {
        await using (var fallback = await Site.StartAsync((app, how) => app.MapDrover("/drover", how),
            services: s => s.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireRole("ops").Build())))
        {
            Assert.Equal(HttpStatusCode.OK, (await fallback.GetAsync("/drover/api/v1/jobs", "ops")).StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, (await fallback.GetAsync("/drover/api/v1/jobs")).StatusCode);
        }

        await using (var asked = await Site.StartAsync((app, how) => app.MapDrover("/drover", options =>
        {
            how(options);
            options.Authorize = context => new(context.Request.Headers["X-Door"] == "open");
        })))
        {
            Assert.Equal(HttpStatusCode.OK, (await asked.GetAsync("/drover/api/v1/jobs", null, ("X-Door", "open"))).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await asked.GetAsync("/drover/api/v1/jobs")).StatusCode);
        }

        await using var open = await Site.StartAsync((app, how) => app.MapDrover("/drover", how).AllowAnonymous());
        Assert.Equal(HttpStatusCode.OK, (await open.GetAsync("/drover/api/v1/jobs")).StatusCode);
    }

    [Fact]
    public async Task A_change_must_have_been_meant()
    {
        await using var site = await GuardedAsync();
        const string Pause = "/drover/api/v1/queues/default/pause";
        Task<HttpResponseMessage> PostAsync(params (string, string)[] headers) => site.SendAsync(HttpMethod.Post, Pause, "ops", null, headers);

        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync()).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(Csrf, ("Origin", "https://evil.example"))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(Csrf, ("Sec-Fetch-Site", "cross-site"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(Csrf)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(("Sec-Fetch-Site", "same-origin"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(("Authorization", "Bearer of-the-program"))).StatusCode);
        var session = JsonDocument.Parse(await (await site.GetAsync("/drover/api/v1/session", "ops")).Content.ReadAsStringAsync(Cancel)).RootElement;
        Assert.Equal(("ops", "host", Csrf.Item2),
            (session.GetProperty("actor").GetString(), session.GetProperty("via").GetString(), session.GetProperty("csrf_token").GetString()));
    }

    [Fact]
    public async Task A_task_is_taken_told_of_below_the_prefix_and_run_by_the_programs_handler()
    {
        await using var site = await GuardedAsync();
        using var made = await site.SendAsync(HttpMethod.Post, "/drover/api/v1/jobs", "ops", """{"job_type": "count", "payload": {"To": 21}}""", Csrf);
        string text = await made.Content.ReadAsStringAsync(Cancel);
        Assert.True(made.StatusCode == HttpStatusCode.Created, text);
        string location = made.Headers.Location!.OriginalString;
        Assert.StartsWith("/drover/api/v1/jobs/", location, StringComparison.Ordinal);
        await Eventually.BecomesAsync("the handler ran", async () =>
            (await (await site.GetAsync(location, "ops")).Content.ReadAsStringAsync(Cancel)).Contains("\"result\":42", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_program_cannot_run_is_not_offered()
    {
        await using var site = await GuardedAsync();
        foreach (string path in new[] { "servers", "files/pem" })
            Assert.Equal(HttpStatusCode.NotFound, (await site.GetAsync("/drover/api/v1/" + path, "ops")).StatusCode);
        using var command = await site.SendAsync(HttpMethod.Post, "/drover/api/v1/jobs", "ops", """{"command": "id"}""", Csrf);
        Assert.Equal(HttpStatusCode.BadRequest, command.StatusCode);
        string document = await (await site.GetAsync("/drover/openapi/v1.json", "ops")).Content.ReadAsStringAsync(Cancel);
        Assert.DoesNotContain("/api/v1/servers", document, StringComparison.Ordinal);
        Assert.Equal("/drover", JsonDocument.Parse(document).RootElement.GetProperty("servers")[0].GetProperty("url").GetString());
    }

    [Fact]
    public async Task The_WebSocket_tells_of_jobs_below_the_prefix()
    {
        await using var site = await GuardedAsync();
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("X-User", "ops");
        await socket.ConnectAsync(new UriBuilder(site.Http.BaseAddress!) { Scheme = "ws", Path = "/drover/api/v1/ws" }.Uri, Cancel);
        await socket.SendAsync(Encoding.UTF8.GetBytes("""{"op": "subscribe", "topic": "jobs"}"""), WebSocketMessageType.Text, true, Cancel);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        byte[] buffer = new byte[64 * 1024];
        string heard = "";
        await HearAsync("subscribed");
        using var made = await site.SendAsync(HttpMethod.Post, "/drover/api/v1/jobs", "ops", """{"job_type": "count", "payload": {"To": 1}}""", Csrf);
        await HearAsync(JsonDocument.Parse(await made.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("id").GetString()!);

        async Task HearAsync(string word)
        {
            while (!heard.Contains(word, StringComparison.Ordinal))
                heard += Encoding.UTF8.GetString(buffer, 0, (await socket.ReceiveAsync(buffer, deadline.Token)).Count);
        }
    }

    [Fact]
    public async Task The_programs_own_endpoints_stay_as_they_are()
    {
        await using var site = await GuardedAsync();
        Assert.Equal("""{"saidHow":"as ever"}""", await (await site.GetAsync("/own")).Content.ReadAsStringAsync(Cancel));
        using var elsewhere = await site.GetAsync("/api/v1/jobs", "ops");
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
        Assert.False(elsewhere.Headers.Contains("Content-Security-Policy"));
        var names = site.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).Select(e => e.DisplayName);
        Assert.DoesNotContain(names, name => name?.Contains("/api/v1", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("drover")]
    [InlineData("/drover/")]
    [InlineData("/{tenant}")]
    [InlineData("//drover")]
    public async Task A_prefix_that_is_no_plain_path_is_refused(string prefix)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => Site.StartAsync((app, how) => app.MapDrover(prefix, how)));
        Assert.Contains("plain path", refused.Message, StringComparison.Ordinal);
    }
}

using System.Net;
using System.Text;
using Drover.Catalog;
using Drover.Workers;

namespace Drover.Tests.Server;

/// <summary>Sending again, secrets, sessions and failed attempts to sign in.</summary>
public sealed class SafetyTests
{
    [Fact]
    public async Task The_same_key_gets_the_first_answer_and_another_body_is_refused()
    {
        await using var host = await TestHost.StartAsync();
        var key = ("Idempotency-Key", "k-1");
        string first = (await host.Client.Post("jobs", """{"command": "true"}""", key)).Is(201).String("id");
        var again = (await host.Client.Post("jobs", """{"command": "true"}""", key)).Is(201);
        Assert.Equal(first, again.String("id"));
        (await host.Client.Post("jobs", """{"command": "false"}""", key)).Is(422);
        Assert.Equal(1, (await host.Client.Get("jobs/counts"))["total"].GetInt32());
    }

    [Fact]
    public async Task Of_many_who_send_the_same_key_at_once_one_creates_the_job()
    {
        await using var host = await TestHost.StartAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ => (await host.Client.Post("jobs", """{"command": "true"}""", ("Idempotency-Key", "k"))).String("id")));
        Assert.Single(ids.Distinct());
        Assert.Equal(1, (await host.Client.Get("jobs/counts"))["total"].GetInt32());
    }

    [Fact]
    public async Task The_metrics_token_reads_the_figures_and_nothing_else()
    {
        const string Token = "metrics-token-0123456789";
        await using var host = await TestHost.StartAsync(options => options with { MetricsToken = Token });
        using var scraper = host.NewClient(Token);
        Assert.Contains("drover_jobs{", (await scraper.Get("/metrics")).Is(200).Text, StringComparison.Ordinal);
        (await scraper.Get("jobs")).Is(401);
        (await scraper.Post("jobs", """{"command": "true"}""")).Is(401);
        (await scraper.Post("session", $$"""{"token": "{{Token}}"}""")).Is(401);
        using var wrong = host.NewClient(Token + "x");
        (await wrong.Get("/metrics")).Is(401);
        (await host.Client.Get("/metrics")).Is(200);
    }

    [Fact]
    public async Task Secrets_come_back_in_no_answer_log_event_or_document()
    {
        const string Password = "pa55-never-shown", Passphrase = "phrase-never-shown";
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        string pem = EncryptedPem(Passphrase);
        string secretLine = pem.Split('\n')[5];
        var added = (await host.Client.Post("servers",
            $$"""{"name": "a", "hostname": "127.0.0.1", "port": 1, "user": "u", "auth_type": "password", "password": "{{Password}}"}""")).Is(201);
        (await host.Client.Post("servers",
            $$"""{"name": "b", "hostname": "127.0.0.1", "port": 1, "user": "u", "auth_type": "key", "private_key": {{System.Text.Json.Nodes.JsonValue.Create(pem).ToJsonString()}}, "passphrase": "{{Passphrase}}"}""")).Is(201);
        await host.Client.Post("servers/a/test");
        await host.Client.Post("servers/b/test");
        (await host.Client.Post("jobs", """{"command": "true", "server_id": "a"}""")).Is(201);
        (await host.Client.Post("system/secrets/rotate")).Is(200);
        // A wrong body is quoted in no answer either.
        var refused = await host.Client.Post("servers", $$"""{"name": "c", "hostname": 5, "password": "{{Password}}"}""");

        var seen = new StringBuilder(added.Text).Append(refused.Is(400).Text);
        foreach (string path in (string[])["servers", "servers/a", "servers/b", "jobs", "files/pem", "system/info", "system/enhanced", "/metrics", "/openapi/v1.json"])
            seen.Append((await host.Client.Get(path)).Is(200).Text);
        foreach (var entry in await ((IAuditLog)host.Catalog).ListAsync(null, 500))
            seen.Append(entry);
        foreach (string kind in (string[])["server", "server_status", "key", "setting"])
        {
            foreach (var document in await ((ICatalog)host.Catalog).ListAsync(kind))
                seen.Append(Encoding.UTF8.GetString(document.Json.Span));
        }

        seen.AppendJoin('\n', host.Log.Lines);
        string all = seen.ToString();
        foreach (string secret in (string[])[Password, Passphrase, secretLine, host.Token])
            Assert.DoesNotContain(secret, all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_cannot_be_used_by_a_page_of_another_site()
    {
        await using var host = await TestHost.StartAsync();
        using var browser = host.NewClient(cookies: true);
        var session = (await browser.Post("session", $$"""{"token": "{{host.Token}}"}""")).Is(200);
        string csrf = session.String("csrf_token");
        (await browser.Get("jobs")).Is(200);

        (await browser.Post("jobs", """{"command": "true"}""")).Is(403);
        (await browser.Post("jobs", """{"command": "true"}""", ("X-CSRF-Token", csrf), ("Origin", "https://evil.example"))).Is(403);
        (await browser.Post("jobs", """{"command": "true"}""", ("X-CSRF-Token", csrf), ("Sec-Fetch-Site", "cross-site"))).Is(403);
        (await browser.Post("jobs", """{"command": "true"}""", ("X-CSRF-Token", csrf + "x"))).Is(403);
        (await browser.Post("jobs", """{"command": "true"}""", ("X-CSRF-Token", csrf))).Is(201);
        Assert.Equal(1, (await browser.Get("jobs/counts"))["total"].GetInt32());
    }

    [Fact]
    public async Task Whoever_fails_too_often_waits_and_the_right_token_still_works()
    {
        await using var host = await TestHost.StartAsync();
        using var guesser = host.NewClient("drover_wrong");
        var statuses = new List<HttpStatusCode>();
        for (int n = 0; n < 100 && !statuses.Contains(HttpStatusCode.TooManyRequests); n++)
            statuses.Add((await guesser.Get("jobs")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, statuses[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, statuses[^1]);
        var refused = (await guesser.Get("jobs")).Is(429);
        Assert.True(int.Parse(refused.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) > 0);
        (await host.Client.Get("jobs")).Is(200);
        Assert.Contains(await ((IAuditLog)host.Catalog).ListAsync(null, 500), e => e.Action == "auth.denied");
    }

    private static string EncryptedPem(string passphrase)
    {
        using var rsa = System.Security.Cryptography.RSA.Create(2048);
        return rsa.ExportEncryptedPkcs8PrivateKeyPem(passphrase,
            new(System.Security.Cryptography.PbeEncryptionAlgorithm.Aes256Cbc, System.Security.Cryptography.HashAlgorithmName.SHA256, 1000));
    }
}

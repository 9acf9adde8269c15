using System.Security.Claims;
using System.Text.Encodings.Web;
using Drover.Hosting;
using Drover.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Drover.Tests.Hosting;

/// <summary>A developer's web program with Drover below <c>/drover</c>, on a free loopback port. Who calls says so in the header X-User.</summary>
internal sealed class Site : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Site(WebApplication app, string folder)
    {
        (_app, Folder) = (app, folder);
        Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(60) };
    }

    public string Folder { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<Site> StartAsync(
        Action<WebApplication, Action<Drover.AspNetCore.DroverSiteOptions>> map, string environment = "Production", Action<IServiceCollection>? services = null,
        Action<DroverBuilder>? schedules = null)
    {
        string folder = Directory.CreateTempSubdirectory("drover-site-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "assets"));
        await File.WriteAllTextAsync(Path.Combine(folder, "index.html"),
            """<html><meta name="drover-prefix" content="" /><meta name="drover-mode" content="" /><script src="./assets/main.js"></script></html>""");
        await File.WriteAllTextAsync(Path.Combine(folder, "assets", "main.js"), "console.log(1)");
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication("header").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("header", null);
        builder.Services.AddAuthorizationBuilder().AddPolicy("ops", policy => policy.RequireRole("ops"));
        builder.Services.AddDrover(drover =>
        {
            drover.UseStore(new InMemoryJobStore(TimeProvider.System)).AddHandler(Payloads.Default.Count, (job, context, _) =>
            {
                context.SetResult(job.To * 2, Payloads.Default.Int32);
                return ValueTask.CompletedTask;
            });
            schedules?.Invoke(drover);
        });
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapGet("/own", () => new Own("as ever"));
        map(app, options => options.DashboardDirectory = folder);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app, folder);
    }

    /// <summary>A call as somebody.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? user = null, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (user is not null)
            request.Headers.Add("X-User", user);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null)
            request.Content = new StringContent(body.ToString()!, System.Text.Encoding.UTF8, "application/json");
        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public Task<HttpResponseMessage> GetAsync(string path, string? user = null, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, user, null, headers);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    internal sealed record Own(string SaidHow);

    /// <summary>Believes the header; a program's real scheme is its own.</summary>
    private sealed class HeaderAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers["X-User"].ToString() is not { Length: > 0 } user)
                return Task.FromResult(AuthenticateResult.NoResult());
            var identity = new ClaimsIdentity([new(ClaimTypes.Name, user), new(ClaimTypes.Role, user)], Scheme.Name);
            return Task.FromResult(AuthenticateResult.Success(new(new(identity), Scheme.Name)));
        }
    }
}

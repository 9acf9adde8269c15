using Drover.Brokers;
using Drover.Limits;
using Drover.Schedules;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Batches;
using Drover.Server.Dashboard;
using Drover.Server.Docs;
using Drover.Server.Http;
using Drover.Server.Jobs;
using Drover.Server.Json;
using Drover.Server.Keys;
using Drover.Server.Limits;
using Drover.Server.Live;
using Drover.Server.Logs;
using Drover.Server.Metrics;
using Drover.Server.Problems;
using Drover.Server.Queues;
using Drover.Server.Schedules;
using Drover.Server.Secrets;
using Drover.Server.Servers;
using Drover.Server.SystemInfo;
using Drover.Server.Workers;
using Drover.Servers;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Drover.Server;

/// <summary>Puts the HTTP side of Drover into a host.</summary>
public static class DroverServer
{
    /// <summary>
    /// Adds the server's parts. The host adds <see cref="IBroker"/>, <see cref="Drover.Catalog.ICatalog"/>,
    /// <see cref="Drover.Catalog.IAuditLog"/>, <see cref="IServerProbe"/> and <see cref="IKeyInspector"/>; the broker is
    /// given the <see cref="ITargetResolver"/> (a <see cref="ServerDirectory"/>) that is registered here.
    /// </summary>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public static IServiceCollection AddDroverServer(this IServiceCollection services, ServerOptions options)
    {
        services.AddDroverDirectory(options);
        services.AddSingleton<SecretRotation>().AddSingleton<ServerRules>().AddSingleton<ServerChecks>();
        services.AddSingleton<AccessTokens>().AddSingleton<SignInCodes>().AddSingleton<Sessions>().AddSingleton<FailedAttempts>();
        services.AddSingleton<JobSubmission>().AddSingleton<Idempotency>().AddSingleton<StreamSlots>();
        services.AddSingleton<LiveData>().AddSingleton<LiveTicker>().AddSingleton<LiveTopics>();
        services.AddSingleton<SystemSnapshot>().AddSingleton<HealthChecks>();
        services.AddSingleton<MetricsCollector>();
        services.AddHostedService(provider => provider.GetRequiredService<MetricsCollector>());
        AddHttp(services, options);
        return services;
    }

    /// <summary>
    /// Adds what a broker needs to turn a server's id into its address and credential, without the HTTP side: for a
    /// process that only holds the queue. The host adds <see cref="IBroker"/>, <see cref="Drover.Catalog.ICatalog"/> and
    /// <see cref="Drover.Catalog.IAuditLog"/>.
    /// </summary>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public static IServiceCollection AddDroverDirectory(this IServiceCollection services, ServerOptions options)
    {
        options.Validate();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<KeyRing>().AddSingleton<KeyRingCheck>();
        services.AddSingleton<ServerCatalog>().AddSingleton<KeyCatalog>().AddSingleton<ScheduleCatalog>().AddSingleton<LimitCatalog>();
        services.AddSingleton(provider => new ServerDirectory(
            provider.GetRequiredService<ServerCatalog>(), provider.GetRequiredService<KeyCatalog>(), provider.GetRequiredService<KeyRing>(),
            options, provider.GetRequiredService<AuditTrail>()));
        services.AddSingleton<ITargetResolver>(provider => provider.GetRequiredService<ServerDirectory>());
        services.AddSingleton<AuditTrail>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditTrail>());
        return services;
    }

    /// <summary>
    /// Maps everything: health and metrics at the root, the API under <c>/api/v1</c>, its document and reference.
    /// Call <see cref="DroverServerStartup.InitializeAsync"/> before the host starts.
    /// </summary>
    public static WebApplication MapDrover(this WebApplication app)
    {
        Map(app, app, app.Services.GetRequiredService<ServerOptions>());
        return app;
    }

    /// <summary>Puts the steps into a pipeline, which must run endpoints after them, and maps what they lead to.</summary>
    internal static void Map(IApplicationBuilder app, IEndpointRouteBuilder? routes, ServerOptions options)
    {
        BasePath.Use(app);
        SecurityHeaders.Use(app);
        app.UseMiddleware<ProblemMiddleware>();
        app.UseWebSockets(new() { KeepAliveInterval = options.Heartbeat, KeepAliveTimeout = options.StallTimeout });
        app.UseRouting();
        if (options.CorsAllowedOrigins.Count > 0)
            app.UseCors();
        app.UseMiddleware<Authentication>();
        app.Use(static (context, next) =>
        {
            if (context.GetEndpoint() is { } endpoint)
                RequestRules.Check(context, endpoint);
            return next(context);
        });
        app.UseDashboard(options);
        if (routes is null)
            app.UseEndpoints(endpoints => MapEndpoints(endpoints, options));
        else
            MapEndpoints(routes, options);
    }

    private static void MapEndpoints(IEndpointRouteBuilder root, ServerOptions options)
    {
        root.MapHealth();
        root.MapMetrics();
        root.MapReference();
        var api = root.MapGroup("/api/v1");
        api.MapJobs(options);
        api.MapBatches(options);
        api.MapLogs();
        if (!options.Embedded)
        {
            api.MapServers();
            api.MapKeys(options);
        }

        api.MapSchedules();
        api.MapQueues();
        api.MapLimits();
        api.MapWorkers();
        api.MapSystem();
        api.MapLive();
        api.MapSession(options);
    }

    private static void AddHttp(IServiceCollection services, ServerOptions options)
    {
        services.Configure<JsonOptions>(json =>
        {
            var (from, to) = (DroverJson.Api.Options, json.SerializerOptions);
            to.PropertyNamingPolicy = from.PropertyNamingPolicy;
            to.PropertyNameCaseInsensitive = false;
            to.DefaultIgnoreCondition = from.DefaultIgnoreCondition;
            to.UnmappedMemberHandling = from.UnmappedMemberHandling;
            to.NumberHandling = from.NumberHandling;
            to.AllowDuplicateProperties = false;
            to.RespectNullableAnnotations = true;
            to.Encoder = from.Encoder;
            foreach (var converter in from.Converters)
                to.Converters.Add(converter);
            to.TypeInfoResolverChain.Insert(0, DroverJson.Api);
        });
        // Failures to bind come as exceptions, which ProblemMiddleware turns into answers that name the field.
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Limits.MinResponseDataRate = new(bytesPerSecond: 240, gracePeriod: options.StallTimeout);
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
        services.AddOpenApi(ApiDocument.Name, ApiDocument.Configure);
        if (options.CorsAllowedOrigins.Count > 0)
        {
            services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
                .WithOrigins([.. options.CorsAllowedOrigins]).AllowAnyHeader().AllowAnyMethod()
                .WithExposedHeaders("Location", JobEndpoints.DuplicateHeader, "Retry-After").SetPreflightMaxAge(TimeSpan.FromHours(1))));
        }
    }
}

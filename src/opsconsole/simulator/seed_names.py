"""Words for an invented tenant, chosen to hurt: what real names hold, and what breaks screens."""

DEPARTMENTS = (
    "Finance",
    "HR",
    "Engineering",
    "Sales",
    "Support",
    "Legal",
    "Research",
    "Logistics",
    "Marketing",
    "Facilities",
    "IT",
    "Procurement",
)

GROUP_KINDS = (
    "Users",
    "Devices",
    "Laptops",
    "Kiosks",
    "Pilot",
    "VIP",
    "Contractors",
    "Shared PCs",
    "Phones",
    "Tablets",
)

REGIONS = ("EMEA", "AMER", "APAC", "DACH", "Nordics", "Benelux", "HQ")

PLATFORMS = ("Windows", "macOS", "iOS/iPadOS", "Android Enterprise", "Linux")

RINGS = ("Ring 0 - Canary", "Ring 1 - Pilot", "Ring 2 - UAT", "Ring 3 - Broad", "Production")

SUBJECTS: dict[str, tuple[str, ...]] = {
    "settingsCatalogPolicy": (
        "Defender Antivirus",
        "Attack Surface Reduction",
        "BitLocker",
        "Firewall Rules",
        "Edge Hardening",
        "OneDrive Known Folder Move",
        "Windows LAPS",
        "Device Lock",
        "SmartScreen",
        "Delivery Optimization",
        "Office Macros",
        "Platform SSO",
        "FileVault",
        "Login Window",
    ),
    "deviceConfiguration": (
        "Wi-Fi Corporate",
        "VPN Always On",
        "Trusted Root CA",
        "SCEP User Certificate",
        "Kiosk Single App",
        "Update Ring",
        "Device Restrictions",
        "Email Profile",
        "Endpoint Analytics",
    ),
    "groupPolicyConfiguration": ("Office ADMX", "Chrome ADMX", "Explorer", "Start Menu", "Printing", "Power Settings"),
    "deviceCompliancePolicy": ("Device Health", "Device Security", "Password", "Defender Risk Score", "OS Version"),
    "deviceManagementScript": ("Set Time Zone", "Remove Bloatware", "Map Drives", "Install Fonts", "Rename Computer"),
    "deviceHealthScript": ("Detect Stale Updates", "Restart Spooler", "Disk Cleanup", "Certificate Expiry", "BIOS Age"),
    "mobileApp": (
        "Company Portal",
        "7-Zip",
        "Adobe Reader DC",
        "Google Chrome",
        "Mozilla Firefox",
        "Notepad++",
        "Zoom Workplace",
        "Visual Studio Code",
        "GlobalProtect",
        "PowerToys",
        "Slack",
        "TeamViewer Host",
    ),
    "androidManagedAppProtection": ("App Protection Basic", "App Protection Enhanced", "App Protection High"),
    "iosManagedAppProtection": ("App Protection Basic", "App Protection Enhanced", "App Protection High"),
    "targetedManagedAppConfiguration": ("Outlook Configuration", "Edge Configuration", "Teams Configuration"),
    "deviceEnrollmentConfiguration": ("Enrollment Status Page", "Device Limit", "Platform Restriction", "Hello PIN"),
    "windowsAutopilotDeploymentProfile": ("User Driven", "Self Deploying", "Pre-Provisioned", "Hybrid Join"),
    "windowsFeatureUpdateProfile": ("Windows 11 24H2", "Windows 11 23H2", "Windows 10 22H2"),
}
"""What policies are about, by type; its keys are the types that an invented tenant has."""

LONG = "Field devices of all regional distribution centres, contractors and seasonal staff included; "

ODD_GROUP_NAMES: tuple[str, ...] = (
    "All Staff",
    "All Staff",
    "O'Brien's Team",
    "[bold]Kiosk[/bold]",
    "[red]Do not touch[/] [link=https://example.com]here[/link]",
    "[SWC] - Intune-Users",
    "مستخدمو الأجهزة",
    "\u202eNimda lautriV",
    "Zero\u200bWidth\u200b Users",
    "Trailing Space\u00a0",
    (LONG * 6)[:500],
    "Ünïcode Straße ☕ 🧑\u200d💻",
    "Tab\there",
    "SG & Partners | 100 %",
    "sg-finance-users-1000",
    "SG-FINANCE-USERS-1000",
    "\x1b[31mRed alert\x1b[0m",
)
"""Duplicates, an apostrophe, markup, right-to-left text and override, zero width, a long one, blanks, control characters."""

ODD_POLICY_NAMES: tuple[str, ...] = (
    "Windows - Device Security | Applies to: [Virtual Corporate Device]\u00a0ver1.0",
    "[bold]Not markup[/bold] & 100 %",
    "Baseline \u2067سياسة\u2069 2024",
    "Sécurité — niveau 2 😀",
    "Zero\u200bWidth Policy",
    (LONG * 6)[:500],
    "Kiosk d'accueil 'Lobby' ",
)
"""What the names of policies hold in the wild."""

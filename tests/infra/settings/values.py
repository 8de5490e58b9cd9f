"""Values of settings that belong together, as a stack would have them."""

from __future__ import annotations

VPC = {"vpcId": "vpc-0a1b2c3d4e5f60718", "subnetIds": ["subnet-0a1b2c3d", "subnet-1a1b2c3d"]}
GROUPS = VPC | {"functionGroupId": "sg-0a1b2c3d", "fileSystemGroupId": "sg-1a1b2c3d"}
CERTIFICATE, EDGE = "arn:aws:acm:us-east-1:123456789012:certificate/2", {"edge": "cloudfront"}
OWN_EDGE = EDGE | {"edgeDomain": "data.example.com", "edgeCertificateArn": CERTIFICATE}
WAREHOUSE = "arn:aws:sqs:us-east-1:123456789012:warehouse"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
CANARY = {"rollout": "canary"}
CONNECTION = "arn:aws:codeconnections:us-east-1:123456789012:connection/1a2b3c4d-0001"
KEY, PARAMETER = (
    f"arn:aws:{part}"
    for part in ("kms:us-east-1:123456789012:key/1", "ssm:us-east-1:123456789012:parameter/pulumi/passphrase")
)
STATE = {"stateBucket": "state", "stateKeyArn": KEY, "passphraseArn": PARAMETER}
PIPELINES = {
    "delivery": "codepipeline",
    "deliveryConnectionArn": CONNECTION,
    "deliveryRepository": "owner/name",
    "deliveryBranch": "release",
    "stateBucket": "state",
    "permissionsBoundary": BOUNDARY,
}
PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
GITHUB = {"githubRepository": "owner/name", "githubEnvironment": "prod", "permissionsBoundary": BOUNDARY}
